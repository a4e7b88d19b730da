"""What the words of the simulated report mean: its arms, scenarios, conditions and figures."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from dtf.benchmarks.report.page import Section, Table

_ARMS: Final[Mapping[str, str]] = {
    "none": "no breaker: everything goes through",
    "pybreaker settings": "pybreaker's defaults: 5 failures in a row, 60 s, one real job as the probe; no canary, no "
    "refunds",
    "pybreaker settings with canary": "the same with a canary in the job's place, and refunds",
    "resilience4j settings": "resilience4j's defaults: half of the last 100 calls, 60 s, 10 real jobs as probes; "
    "no canary, no refunds",
    "resilience4j settings with canary": "the same with canaries in the jobs' place, and refunds",
    "small window": "half of the last 10 calls, of 5 at least, 5 s, a canary, refunds",
    "strong fixed": "4 failures in a row, a canary each 5 s, refunds: dtf's own breaker where nothing is learned",
    "tuned fixed": "3 in a row, each 3 s, three canaries must pass, refunds: the best of a few fixed ones on other "
    "seeds",
    "constants": "dtf's breaker with the constants of its first design, nothing learned",
    "tuned constants": "dtf's breaker with the constants of today, nothing learned",
    "learned": "the same with dtf's learner; a target that less than 20 jobs are known of has the strong fixed breaker",
    "floor": "opens at the first failure that a fault caused, looks each second, and its canaries tell the truth",
    "oracle": "is told the schedule",
}
_SCENARIOS: Final[Mapping[str, str]] = {
    "outage": "targets go down for a log-normal time, medians of 45 to 150 s: 97 % of the attempts fail",
    "grey": "35 to 75 % of the attempts fail, for longer",
    "degrade": "slower and a little worse in three steps, then down",
    "flap": "down for 25 s and up for 35 s on average, for minutes",
    "badtest": "85 % of a group's jobs fail for 3 to 15 minutes, by their own fault; no target is ill",
    "hammer": "as outage, and each attempt makes it 8 s longer, a canary 1 s; up to three times as long",
    "hw-wide": "a whole class of hardware goes down within 15 s",
    "mixed": "all of these",
    "quiet": "nothing breaks; jobs fail as often as they do on healthy targets",
}
_CONDITIONS: Final[Mapping[str, str]] = {
    "usual": "60 % load, jobs of seconds to a minute, half an hour of warm-up, two hours measured",
    "short": "as usual, with five minutes of warm-up and a quarter of an hour measured",
    "foreign faults": "milder, differently shared out between fast failures and hangs, with uniform durations: the "
    "breaker's constants do not resemble them",
    "wrong labels": "half of the infrastructure's failures are told as crashes, and the other way round",
    "poor canaries": "half of the sick targets pass one; 5 % of the healthy ones fail it",
    "jobs of minutes": "medians of one to four minutes",
    "load 30 %": "jobs arrive at 30 % of what the slots can take",
    "load 85 %": "jobs arrive at 85 % of what the slots can take",
    "cold": "no warm-up: nothing is known at the start",
    "unlike base rates": "targets of one class differ more in how often jobs fail on them while they are healthy",
}
_FIGURES: Final[Mapping[str, str]] = {
    "J2, s": "failed slot-seconds during faults, healthy slot-seconds blocked with work waiting, 120 for each good job "
    "lost, 1 for each canary that passed, and good work that was cancelled; of a run, over all scenarios",
    "waiting of a job, s": "how long it was ready to start and did not, without the time of failing attempts",
    "recovery time of an affected job, s": "from the first failure by a fault to success, of the good jobs that "
    "failed so with this arm; at most 600",
    "good jobs lost": "those of a run, over all scenarios, that ended without success",
    "delay of a job that came for a sick target, s": "from its arrival to success, less its own duration, of the good "
    "jobs that came for a target while it was sick; the same jobs in every arm; at most 600",
    "slot-seconds burnt, s": "by all attempts that a fault made fail, what they ran before it included",
    "healthy slot-seconds blocked, s": "a healthy slot stood idle and was refused to work that waited for it",
    "false trips per healthy hour": "openings of healthy targets",
    "detection of a fault, s": "from its beginning to the opening, or to its end where there was none",
}


def legend(arms: Iterable[str], scenarios: Iterable[str], variants: Iterable[str]) -> Iterator[Section]:
    """What stands in the tables, each word in a row.

    Args:
        arms: Those of the report; scenarios and conditions likewise.
        scenarios: Their names.
        variants: The conditions' names.
    """
    yield _section("The figures", _FIGURES, _FIGURES)
    yield _section("The arms", _ARMS, arms)
    yield _section("The scenarios", _SCENARIOS, scenarios)
    yield _section("The conditions", _CONDITIONS, variants)


def _section(title: str, words: Mapping[str, str], names: Iterable[str]) -> Section:
    rows = tuple((name, words.get(name, "")) for name in names)
    return Section(title=title, table=Table(head=("", ""), rows=rows))
