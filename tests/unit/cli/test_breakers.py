import json
import re
import signal
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.naming import known_targets, the_target
from dtf.breakers.status import BreakerStatus, statuses
from dtf.breakers.thresholds import thresholds
from dtf.cli.main import run
from dtf.cli.running.breaker_table import learned_words, print_breaker, print_breakers, status_json
from dtf.cli.running.breaker_warning import target_line, warning_json, warning_line
from dtf.cli.terminal.output import Output
from dtf.domain.breaker import BreakerMode, Sign, Target
from dtf.domain.early_warning import EarlyWarnings, TargetWarnings, WarningTally
from dtf.domain.errors import UnknownRecordError
from dtf.domain.learned import Learned, LearnedTarget
from dtf.resilience.breaker import Evidence
from dtf.resilience.breaker_params import FIXED
from tests.support.fake_clock import FakeClock
from tests.support.memory_breakers import MemoryJournal
from tests.support.memory_control import MemoryLedger
from tests.unit.coordination.test_rerouting import lab

G1, G2 = Target(hardware="cuda", name="GPU-1"), Target(hardware="cuda", name="GPU-2")
CPU = Target(hardware="cpu", name="w@lab")


class World:
    """Breakers of three targets, of one of which much was learned."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.journal = MemoryJournal(MemoryLedger(self.clock))
        for target in (G1, G2, CPU):
            self.store.ask(target, FIXED, permit="p")
        good = LearnedTarget(base_rate=0.005, evidence=500, outages=3)
        poor = LearnedTarget(base_rate=0.3, evidence=500)
        learned = {str(G1): good, str(CPU): poor}
        self.store.publish(Learned(version=1, at=self.clock.now(), targets=learned))

    def statuses(self, policy: BreakerPolicy = BreakerPolicy.LEARNED) -> dict[Target, BreakerStatus]:
        """How they stand."""
        found = statuses(self.store, BreakerConfig(policy=policy), self.journal)
        return {status.view.target: status for status in found}


@pytest.fixture
def world() -> World:
    """As above."""
    return World()


def test_learned_numbers_stand_beside_the_defaults(world: World) -> None:
    """Where failures are rare fewer open it, where they are usual more do, and an unknown one is fixed."""
    found = world.statuses()
    assert (found[G1].base_rate, found[G1].default_base_rate) == (0.005, 0.02)
    assert [(found[target].threshold or 0) - 4 for target in (G1, CPU)] == [-2, 2]
    assert found[G1].default_threshold == found[G2].threshold == 4
    assert found[G1].why_fixed == ""
    assert "0 of 20 pieces of evidence" in found[G2].why_fixed
    assert world.statuses(BreakerPolicy.FIXED)[G1].why_fixed == "breakers are set to fixed"
    told = json.loads(json.dumps(status_json(found[G1])))
    assert (told["target"], told["learned"]["outages"], told["default_failures_to_open"]) == ("cuda/GPU-1", 3, 4)


@pytest.mark.parametrize("policy", list(BreakerPolicy))
def test_both_commands_show_the_same_thresholds(world: World, policy: BreakerPolicy) -> None:
    """``dtf learn`` and ``dtf breakers``, of what was learned and of what was not, whatever was seen just now."""
    for _ in range(3):
        evidence = Evidence(sign=Sign.WORKED, likelihood=(0.98, 0.45, 0.05), epoch=0)
        world.store.observe(G1, FIXED, evidence)
    world.store.observe(G2, FIXED, Evidence(sign=Sign.INFRA, likelihood=(0.02, 0.5, 0.9), epoch=0))
    learnt = {
        one.target: (one.failures, one.default_failures)
        for one in thresholds(world.store, BreakerConfig(policy=policy))
    }
    shown = {target: (one.threshold, one.default_threshold) for target, one in world.statuses(policy).items()}
    assert shown == learnt


def test_an_open_breaker_says_why_and_what_operators_do_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the table and in detail; it has no threshold then."""
    for _ in range(4):
        world.store.observe(G2, FIXED, Evidence(sign=Sign.INFRA, likelihood=(0.02, 0.5, 0.9), epoch=0))
    world.store.set_mode(G1, BreakerMode.FORCED_OPEN)
    world.journal.tell_mode(G1, BreakerMode.FORCED_OPEN, "new card")
    world.store.set_mode(CPU, BreakerMode.METRICS_ONLY)
    found = world.statuses()
    print_breakers(Output(), list(found.values()), "learned")
    text = capsys.readouterr().out
    assert re.search(r"cuda/GPU-2 +open +0.00 s +\d+ % +- +2 % \(2 %\) +4 failures where 2 % is normal", text)
    assert re.search(r"cuda/GPU-1 +forced open .* by an operator: new card\n", text)
    assert re.search(r"cpu/w@lab +metrics only \(closed\) .* by an operator\n", text)
    history = [
        {"at": 0.0, "mode": "forced_open", "reason": "x\x1b[2J"},
        {"changed_at": 0.0, "before": "a", "after": "b"},
    ]
    print_breaker(Output(), found[G2], history)
    text = capsys.readouterr().out
    assert "  state: open for 0.00 s: 4 failures where 2 % is normal\n" in text
    assert "an operator set it to forced open: x\\x1b[2J\n" in text
    print_breakers(Output(), [], "learned")
    assert "no breaker yet" in capsys.readouterr().out


def test_what_was_learned_is_put_into_words() -> None:
    """With the defaults in brackets."""
    words = learned_words(LearnedTarget(base_rate=0.11, hazard_per_s=1 / 600, latency_drift=0.1, drift_detected=True))
    assert words["jobs that fail while it is healthy"] == "11 % (2 %)"
    assert words["turns bad every"] == "10 min 00 s (1 h 00 min)"
    assert words["runs slower than its groups by"] == "11 %, a change just now"


def test_a_target_is_named_by_a_part_that_only_one_has(world: World) -> None:
    """A worker's device can be named before it has a breaker; a mistake is told with what there is."""
    known = known_targets(world.store, [lab()])
    assert the_target("GPU-1", known) == G1
    assert the_target("cpu/w@lab", known) == CPU
    with pytest.raises(UnknownRecordError, match="may be any of 2 breakers: cuda/GPU-1, cuda/GPU-2"):
        the_target("GPU", known)
    with pytest.raises(UnknownRecordError, match=r"no breaker of 'cuda/GPU-3' \(did you mean"):
        the_target("cuda/GPU-3", known)
    with pytest.raises(UnknownRecordError, match="none yet"):
        the_target("x", [])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["opne", "GPU-1"], "is no action on a breaker"),
        (["open"], "name a target: dtf breakers open TARGET"),
        (["open", "a", "b"], "name one target"),
        (["--reason", "x"], "--reason goes with open, close, auto or metrics"),
        (["open", "a", "--reason", "x\ny"], "printable"),
        (["open", "a"], "no cluster is running"),
    ],
)
def test_a_mistake_in_the_words_is_told(
    words: list[str], part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    """Nothing is started for it."""
    monkeypatch.setenv("DTF_STATE_DIR", f"{tmp_path}/s")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert run(["breakers", *words]) == (10 if "no cluster" in part else 2)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert part in capsys.readouterr().err


@pytest.mark.parametrize(("policy", "said"), [("learned", False), ("metrics", True)])
def test_who_forces_open_what_only_tells_hears_that_work_goes_on(
    world: World, policy: str, said: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The order is kept, and refuses canaries alone where breakers are set to metrics; close needs no such word."""
    settings = SimpleNamespace(breaker=policy, origins={"breaker": "DTF_BREAKER"})
    ledger = SimpleNamespace(breakers=world.journal, fallbacks=SimpleNamespace(live_workers=lambda: [lab()]))
    part = "dtf.cli.commands.breakers."
    monkeypatch.setattr(part + "ledger_session", lambda **_: nullcontext((Output(), settings, ledger)))
    monkeypatch.setattr(part + "breaker_store", lambda _: nullcontext(world.store))
    assert run(["breakers", "open", "GPU-1"]) == 0
    told = capsys.readouterr()
    assert told.out == "breaker of cuda/GPU-1: forced open\n"
    assert ("set to metrics (DTF_BREAKER): work goes to what is open all the same" in told.err) is said
    assert run(["breakers", "close", "GPU-1"]) == 0
    assert capsys.readouterr().err == ""
    assert [mode for _, mode, _ in world.journal.modes] == [BreakerMode.FORCED_OPEN, BreakerMode.FORCED_CLOSED]


def test_the_early_warning_is_one_line(world: World) -> None:
    """Nothing measured yet; then how good it was, whether it acts, and from when on; no line of a learner without."""
    assert warning_line(None) == "early warning: nothing measured yet"
    assert warning_line(Learned()) == ""
    assert warning_line(Learned(early_warning=EarlyWarnings(looks=9))) == "early warning: nothing measured yet"
    tally = WarningTally(warnings=31, right=13, openings=20, foreseen=12, lead_s=34.0)
    one = TargetWarnings(probability=0.07, at=world.clock.now(), vitals={"memory": 0.25}, tally=WarningTally())
    learned = Learned(early_warning=EarlyWarnings(tally=tally, looks=100, followed=20, targets={"cuda/GPU-1": one}))
    assert warning_line(learned) == (
        "early warning: shadow, precision 0.42 (at least 0.29) of 31 warnings, recall 0.60 of 20 openings, "
        "lead time 34.0 s, by chance 0.20; acts from 0.6 on, over at least 30 warnings"
    )
    assert target_line(learned, "cuda/GPU-1") == "7% that it opens within a minute, by memory 0.25"
    assert target_line(learned, "cuda/GPU-2") == target_line(None, "cuda/GPU-1") == ""
    sure = replace(tally, right=31)
    acting = warning_line(Learned(early_warning=EarlyWarnings(tally=sure, canaries=7)))
    assert acting.startswith("early warning: acts (7 canaries so far; 8% of its warnings untreated), precision 1.00")
    told = json.loads(json.dumps(warning_json(learned)))
    assert (told["acts"], told["tally"]["warnings"], told["precision_at_least"] < 0.3) == (False, 31, True)
