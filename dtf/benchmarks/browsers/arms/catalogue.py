"""The arms by name."""

from collections.abc import Mapping
from typing import Any

from dtf.benchmarks.browsers.arms.oracle import Oracle
from dtf.benchmarks.browsers.arms.product import Product
from dtf.benchmarks.browsers.arms.protocol import Arm
from dtf.benchmarks.browsers.arms.simulated import BySimulation
from dtf.benchmarks.browsers.schedule import Schedule
from dtf.benchmarks.simulation.arms.consecutive import PYBREAKER, STRONG_FIXED, Consecutive
from dtf.benchmarks.simulation.arms.protocol import Indifferent
from dtf.benchmarks.simulation.arms.window import RESILIENCE4J, Window
from dtf.breakers.config import BreakerPolicy
from dtf.domain.errors import BadInputError

NONE, PYBREAKER_SET, RESILIENCE4J_SET = "none", "pybreaker settings", "resilience4j settings"
FIXED, CONSTANTS, LEARNED, COLD, ORACLE = "strong fixed", "constants", "learned", "learned cold", "oracle"

#: What each arm is, for people, in the order of reports.
ARMS: Mapping[str, str] = {
    NONE: "no breaker",
    PYBREAKER_SET: "pybreaker's defaults: 5 failures in a row, 60 s, one real job as the probe; no canary, no refunds",
    RESILIENCE4J_SET: (
        "resilience4j's defaults: half of the last 100 calls, 60 s, 10 real jobs as probes; no canary, no refunds"
    ),
    FIXED: "4 failures in a row, a canary each 5 s, refunds: dtf's own breaker where nothing is learned",
    CONSTANTS: "dtf's breaker by its belief, with constants in place of what is learned",
    LEARNED: (
        "dtf's breaker, restored with what it learned in an earlier run on another schedule; as in dtf, short work "
        "that can run nowhere else may be the probe of an open browser, which takes known durations: the other arms "
        "have none"
    ),
    COLD: "dtf's breaker, beginning with nothing learned",
    ORACLE: "told the schedule: refuses work exactly where and while an episode lasts",
}
#: Those of a quick benchmark.
QUICK = (NONE, FIXED, CONSTANTS, LEARNED)


def make_arm(name: str, schedule: Schedule, snapshot: Mapping[str, Any] | None) -> Arm:
    """An arm for one run.

    Args:
        name: Which.
        schedule: What happens in the run; only the oracle looks at it.
        snapshot: What the learner of a learning arm begins with; None: nothing.

    Raises:
        BadInputError: There is no such arm.
    """
    browsers = schedule.plan.browsers
    if name == NONE:
        return BySimulation(browsers, Indifferent)
    if name == PYBREAKER_SET:
        return BySimulation(browsers, lambda setting: Consecutive(setting, PYBREAKER))
    if name == RESILIENCE4J_SET:
        return BySimulation(browsers, lambda setting: Window(setting, RESILIENCE4J))
    if name == FIXED:
        return BySimulation(browsers, lambda setting: Consecutive(setting, STRONG_FIXED))
    if name == ORACLE:
        return Oracle(schedule)
    if name == CONSTANTS:
        return Product(browsers, BreakerPolicy.CONSTANTS)
    if name not in (LEARNED, COLD):
        raise BadInputError(f"there is no arm {name!r}; there are {', '.join(ARMS)}")
    return Product(browsers, BreakerPolicy.LEARNED, learns=True, learner=snapshot)
