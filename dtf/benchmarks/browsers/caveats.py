"""What a reader of the report has to know."""

from collections.abc import Iterator

from dtf.benchmarks.browsers.arms.catalogue import NONE, ORACLE
from dtf.benchmarks.browsers.failures import AFTERMATH_S
from dtf.benchmarks.browsers.measures import LONGEST_S
from dtf.benchmarks.browsers.queue import MAX_RETRIES, MOST_ATTEMPTS
from dtf.benchmarks.browsers.records import NONE as NOWHERE
from dtf.benchmarks.browsers.results import Results
from dtf.benchmarks.browsers.run import CANARY_LIMIT_S, JOB_LIMIT_S
from dtf.benchmarks.report.words import list_words, paragraphs, short
from dtf.domain.failure import INJECTABLE, Intensity
from dtf.domain.outcome import Outcome
from dtf.resilience.injection_availability import unavailable

_METHOD = """
Seeds {seeds}. Each draws a schedule: {plan.episodes} episodes of {plan.length_s[0]:g} to {plan.length_s[1]:g} s,
{plan.gap_s[0]:g} to {plan.gap_s[1]:g} s between two of a browser, and about {plan.rate:g} jobs a second and browser
({jobs} over all seeds); of the jobs {pinned:.0f} % may run in one browser only. The order of the arms is drawn for
each seed. One breaker lives through a run.

Jobs are real: a compute shader whose answer is checked; a page that fetches, sorts, computes on the GPU and asserts;
and the same page with an assertion that is false, a test's own failure that no retry may hide.

An episode's fault is injected by dtf's injector into whatever is started in its browser while it lasts, canaries and
newly started browsers included, and each injection is confirmed by an independent look. What the injector takes is
left out of slot-seconds and processor time; times by the clock (recovery, delay, waiting, detection) have it in them,
{injector_s:.1f} s for a use in an episode on average, with every arm. Nobody tells the breaker of it, and the
injector's gate is left out: the fault is the environment's.

For every arm alike: a browser that failed is replaced before its next use, as on a worker; a failed job runs again
after 0, 1 and 4 s (dtf's own pauses), with at most {retries} retries, and {attempts} attempts with all that is given
back. With the learned arms alone, as in dtf: a job known to be short that waits for an open browser alone may be the
probe in a canary's place. Where it passes its work is done; where it does not the attempt does not count, a canary
follows, and it tries so twice at most. What it burnt is counted. ({probes} such attempts, of which {passed} passed.)
A job has {job_s:g} s, a canary (the shader and the page) {canary_s:g} s. No constant of any breaker is scaled.

Struck: the job failed by the infrastructure at least once with any of the arms of this report; these are the same
{struck} jobs in every arm, and none of the warm-up. Its recovery is from its arrival to its verdict: that is what is
judged. It belongs to the episode in which it came for its browser alone, or else to that of its first failure with
the first arm, in the order of the tables, with which it failed.

Affected: the job failed by the infrastructure with the arm itself, at whatever time. Its recovery is from that
failure to the verdict. A failure in an episode, or in the {aftermath_s:g} s after it, is that episode's. Of both
kinds, what was given up, or has no verdict {plan.drain_s:g} s after the last arrivals, counts as {longest_s:g} s: a
job that is lost weighs in recovery too.

Delay of any job: from its arrival to its verdict, of all jobs after the warm-up. Waiting: how long it was ready to
start and did not, without the time of failing attempts. Detection: from the first failure in an episode to the
opening, or to the episode's end where there was none.

Resource-seconds: slot-seconds of failed attempts and of all canaries, with the restarts of browsers, and the
processor time of the browsers and their hosts in these.

Healthy time lost: a browser outside of its episodes stood idle and was refused to work that waited for it. False
trips: openings outside of episodes and of the {aftermath_s:g} s after them.

Before the clock of a run starts each browser has passed a canary; for {plan.warm_up_s:g} s there are jobs and no
faults. The learned arm begins with what its learner knew after a run on another schedule, which is not reported.
"""

_CAVEATS = """
Episodes of one run share a machine and a breaker that remembers: they are not quite independent, so that intervals
are rather too narrow.

It is the benchmark that deals the jobs out, retries them and replaces browsers, with dtf's breakers, learner, browser
hosts and injector; the breakers are in memory. No Celery, Redis, ledger or guardian takes part, and no level of
recovery beyond a new browser.

The learned arm's earlier run has the same plan, kinds of faults and machine as those that are measured: it knows what
it is to meet, as a laboratory does after a while.

Plan and definitions were chosen by runs with other seeds, before these were drawn.

Episodes are shorter than most outages of a laboratory, and far more frequent: what a fault costs, and what a breaker
saves by it, is told per episode and not per hour.

No episode is shorter than {plan.length_s[0]:g} s. dtf's retries give a job up after 10 to 16 s where its attempts
fail soon: a shorter outage is outlasted by retries alone, and a breaker gains little by it.

Which jobs are struck depends on the arms: one more arm adds the jobs that failed with it alone, to all arms, where
they are quick. Figures of struck jobs compare the arms of one report, and not those of two reports with other arms.

The arms with other projects' settings lack a canary and refunds, which are no learning and help much: the strong
fixed breaker, which has both, is what the learned one is to be held against.
"""

#: Above this share of their time in use, browsers have no room for what a fault holds up.
_CROWDED = 0.7

_ORACLE = """
The oracle refuses work during harmless faults too, so that its delays are no floor; its other figures are.
"""


def method(results: Results) -> tuple[str, ...]:
    """How it was measured."""
    plan = results.schedules[0].plan
    words = {
        "plan": plan,
        "seeds": list_words([str(schedule.seed) for schedule in results.schedules]),
        "jobs": sum(len(schedule.jobs) for schedule in results.schedules),
        "struck": sum(map(len, results.struck.values())),
        "pinned": 100 * plan.pinned,
        "retries": MAX_RETRIES,
        "attempts": MOST_ATTEMPTS,
        "job_s": JOB_LIMIT_S,
        "canary_s": CANARY_LIMIT_S,
        "injector_s": _injector_s(results),
        "probes": sum(use.probe for record in results.records for use in record.uses),
        "passed": sum(use.probe and use.outcome is Outcome.PASSED for record in results.records for use in record.uses),
        "aftermath_s": AFTERMATH_S,
        "longest_s": LONGEST_S,
    }
    return paragraphs(_METHOD.format(**words))


def caveats(results: Results) -> tuple[str, ...]:
    """What limits what it says."""
    fixed = _CAVEATS.format(plan=results.schedules[0].plan) + (_ORACLE if ORACLE in results.runs else "")
    told = (*_machine(results), *_crowding(results), *_faults(results), _healthy(results))
    return (*told, *paragraphs(fixed), _wrong(results))


def _injector_s(results: Results) -> float:
    """What the injector takes for a use in an episode, on average."""
    sick = [use.injector_s for record in results.records for use in record.uses if use.episode != NOWHERE]
    return sum(sick) / len(sick) if sick else 0.0


def _machine(results: Results) -> Iterator[str]:
    versions = dict(results.records[0].versions)
    told = "; ".join(f"{name} {version}" for name, version in versions.items())
    loads = [load for record in results.records for load in record.load]
    yield f"Browsers: {told}. The load average before and after runs was {min(loads):.1f} to {max(loads):.1f}."
    if software := [name for name, version in versions.items() if "(software)" in version]:
        shared = "which all browsers share: jobs and restarts of one slow those of the others"
        yield f"In {list_words(software)} WebGPU is computed by software on the processor, {shared}."


def _crowding(results: Results) -> Iterator[str]:
    """How busy the browsers were; a crowded machine tells of itself and not of breakers."""
    shown = NONE if NONE in results.runs else next(iter(results.runs))
    records = [record for record in results.records if record.arm == shown]
    used_s = sum(use.ended_s - use.began_s for record in records for use in record.uses)
    whole_s = sum(record.lasted_s * len(record.schedule.plan.browsers) for record in records)
    share = used_s / whole_s if whole_s else 0.0
    yield f"The browsers were in use for {100 * share:.0f} % of their time ({shown})."
    if share > _CROWDED:
        yield (
            "That is too much: jobs waited for each other, whatever the breaker did. The figures tell of the machine; "
            "measure again where nothing else runs, or with fewer browsers."
        )


def _faults(results: Results) -> Iterator[str]:
    for browser in results.schedules[0].plan.browsers:
        count = sum(bool(unavailable(browser, failure, one)) for failure in INJECTABLE for one in Intensity)
        if count:
            yield f"{browser}: {count} of the 18 faults do not exist there; none of them is counted."
    measured = [run for runs in results.runs.values() for run in runs]
    every = [(run.seed, number, one) for run in measured for number, one in run.episodes.items()]
    harmed = {(seed, number) for seed, number, one in every if one.harmful and number >= 0}
    episodes = sum(len(schedule.episodes) for schedule in results.schedules)
    harmless = episodes - len(harmed)
    yield f"{harmless} of {episodes} episodes did no harm with any arm: mild faults slow a job, or spare it."
    if unconfirmed := sum(run.unconfirmed for run in measured):
        yield (
            f"{unconfirmed} uses over all arms began in an episode whose fault could not be injected or was not seen; "
            "they are counted as they ended."
        )


def _healthy(results: Results) -> str:
    hours = max(results.sum(arm, "healthy_h") for arm in results.runs)
    return (
        f"With each arm browsers were outside of episodes and their aftermath for {short(hours)} h at most, all "
        "of them together: of false trips so little time tells little."
    )


def _wrong(results: Results) -> str:
    wrong = {arm: sum(run.wrong for run in runs) for arm, runs in results.runs.items()}
    if not any(wrong.values()):
        return "No verdict was wrong: no false assertion passed, and no true one failed, under any fault."
    told = ", ".join(f"{arm} {count}" for arm, count in wrong.items() if count)
    return f"Some verdicts were wrong (a false assertion passed, or a true one failed): {told}."
