"""The conditions under which arms are compared, by their names."""

from typing import Final

from dtf.benchmarks.simulation.lab import CanaryModel, Conditions, FaultModel

#: Faults that the breaker's constants do not resemble: milder, differently shared out, with uniform durations.
_FOREIGN: Final = FaultModel(
    hard_fail=0.75,
    grey_fail=(0.25, 0.5),
    modes=(0.2, 0.5, 0.3),
    grey_modes=(0.1, 0.5, 0.4),
    hit=0.15,
    as_crash=0.5,
    duration_uniform=True,
)

#: All conditions. The first are the usual ones.
CONDITIONS: Final = {
    "usual": Conditions(),
    "foreign faults": Conditions(faults=_FOREIGN),
    "wrong labels": Conditions(faults=FaultModel(relabelled=0.5)),
    "poor canaries": Conditions(canary=CanaryModel(missed=0.5, false_alarm=0.05)),
    "jobs of minutes": Conditions(group_medians_s=(60.0, 240.0)),
    "load 30 %": Conditions(load=0.3),
    "load 85 %": Conditions(load=0.85),
    "cold": Conditions(warm_up_s=0.0),
    "unlike base rates": Conditions(base_rate_spread=1.2),
}
