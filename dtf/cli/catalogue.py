"""The commands by name: where each one is, and what it does in a few words.

The help lists them from here, so that ``dtf --help`` imports none of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command.

    Attributes:
        module: The module below ``dtf.cli.commands`` whose ``command`` it is.
        help: What it does, for the list.
        hidden: Started by dtf itself, not by people.
    """

    module: str
    help: str
    hidden: bool = False


CATALOGUE = {
    "run": Entry(module="run", help="Run a pytest suite on the workers and wait for it."),
    "submit": Entry(module="submit", help="Queue tasks; they run without this command."),
    "status": Entry(module="status", help="Show the cluster, or one run."),
    "runs": Entry(module="runs", help="List the newest runs."),
    "logs": Entry(module="logs", help="Show what a run printed; -f follows it."),
    "cancel": Entry(module="cancel", help="Call off a run or a job."),
    "retry": Entry(module="retry", help="Submit what failed in a run again, as a new run."),
    "why": Entry(module="why", help="Say what a job waits for, or why it ended as it did."),
    "audit": Entry(module="audit", help="Prove that a run lost nothing and counted nothing twice."),
    "report": Entry(module="report", help="Write a run as JUnit XML, JSON or Markdown."),
    "matrix": Entry(module="matrix", help="Show models or operators by hardware and device."),
    "dashboard": Entry(module="dashboard", help="Show the laboratory in a browser, live."),
    "benchmark": Entry(module="benchmark", help="Measure what dtf's own decisions are worth: circuit breakers."),
    "workers": Entry(module="workers", help="List the workers and their devices."),
    "breakers": Entry(module="breakers", help="Show the circuit breakers, or take one in hand."),
    "inject": Entry(module="inject", help="Break a browser on purpose, and list what can be broken."),
    "worker": Entry(module="worker", help="Start a worker on this machine."),
    "coordinator": Entry(module="coordinator", help="Start a coordinator: one leads, the others stand by."),
    "learn": Entry(module="learn", help="Learn for the circuit breakers of any Celery application."),
    "up": Entry(module="up", help="Start the embedded cluster and keep it running."),
    "init-db": Entry(module="init_db", help="Create or upgrade the ledger's tables."),
    "doctor": Entry(module="doctor", help="Check this machine and the cluster, and say what to do."),
    "config": Entry(module="config", help="Show the settings and where they come from."),
    "guardian": Entry(module="guardian", help="Watch over a worker's tests.", hidden=True),
    "supervisor": Entry(module="supervisor", help="Run the embedded cluster.", hidden=True),
}
