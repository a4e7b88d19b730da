"""One run of one arm."""

from dtf.benchmarks.simulation.arms.catalogue import ARMS
from dtf.benchmarks.simulation.arms.protocol import Setting
from dtf.benchmarks.simulation.engine import Engine
from dtf.benchmarks.simulation.faults import Scenario, draw_schedule
from dtf.benchmarks.simulation.jobs import draw_jobs
from dtf.benchmarks.simulation.lab import Conditions, draw_lab
from dtf.benchmarks.simulation.measures import Measures


def simulate(arm: str, scenario: Scenario, seed: int, conditions: Conditions) -> Measures:
    """Run an arm over the faults and jobs of a seed; these are the same for every arm.

    Args:
        arm: Its name in ``ARMS``.
        scenario: Which faults there are.
        seed: Draws the laboratory, the faults, the jobs, and the luck of attempts and canaries.
        conditions: What the run is like.
    """
    lab = draw_lab(seed, conditions)
    schedule = draw_schedule(seed, scenario, lab, conditions)
    setting = Setting(lab=lab, conditions=conditions, schedule=schedule)
    jobs = draw_jobs(seed, lab, schedule, conditions)
    return Engine(seed, setting, jobs, ARMS[arm](setting)).run()
