"""The arms by their names."""

from collections.abc import Callable
from typing import Final

from dtf.benchmarks.simulation.arms.belief import BeliefArm, BeliefSettings
from dtf.benchmarks.simulation.arms.consecutive import (
    FLOOR,
    PYBREAKER,
    PYBREAKER_HELPED,
    STRONG_FIXED,
    TUNED_FIXED,
    Consecutive,
)
from dtf.benchmarks.simulation.arms.oracle import Oracle
from dtf.benchmarks.simulation.arms.protocol import Arm, Indifferent, Setting
from dtf.benchmarks.simulation.arms.window import RESILIENCE4J, RESILIENCE4J_HELPED, SMALL_WINDOW, Window
from dtf.resilience.likelihood import Rates

#: The constants of the first design, and those that dtf has since: crashes are more often the jobs' own fault, and a
#: constant that says so does most of what explaining crashes away by their group does in this laboratory.
CONSTANTS: Final = BeliefSettings(learns=False, rates=Rates(group=0.025, canary_missed=0.1))
TUNED_CONSTANTS: Final = BeliefSettings(learns=False)

#: Every arm: how it is made, in the order of reports. "with canary": one, and retry
#: refunds, as dtf's own have. No name has a comma: ``--arms`` takes a list of them.
ARMS: Final[dict[str, Callable[[Setting], Arm]]] = {
    "none": Indifferent,
    "pybreaker settings": lambda setting: Consecutive(setting, PYBREAKER),
    "pybreaker settings with canary": lambda setting: Consecutive(setting, PYBREAKER_HELPED),
    "resilience4j settings": lambda setting: Window(setting, RESILIENCE4J),
    "resilience4j settings with canary": lambda setting: Window(setting, RESILIENCE4J_HELPED),
    "small window": lambda setting: Window(setting, SMALL_WINDOW),
    "strong fixed": lambda setting: Consecutive(setting, STRONG_FIXED),
    "tuned fixed": lambda setting: Consecutive(setting, TUNED_FIXED),
    "constants": lambda setting: BeliefArm(setting, CONSTANTS),
    "tuned constants": lambda setting: BeliefArm(setting, TUNED_CONSTANTS),
    "learned": lambda setting: BeliefArm(setting, BeliefSettings(learns=True)),
    "floor": lambda setting: Consecutive(setting, FLOOR),
    "oracle": Oracle,
}
