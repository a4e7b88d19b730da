"""One result that the matrix is made of."""

from dataclasses import dataclass

from dtf.analysis.matrix.column import Column
from dtf.analysis.matrix.verdict import Verdict
from dtf.domain.proof import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One test, or one measurement of a model, on one device.

    Attributes:
        run_id: The run that it comes from.
        job: The name of its job, the same on all hardware.
        row: The model or operator.
        name: What it is called in every column: a node id, or a batch size.
        column: The hardware and device.
        verdict: What it says.
        standing: What it says about the hardware.
        seconds: How long it took: a test's duration, or a median latency; None: unknown.
        error: The largest error; None: unknown.
        tolerance: What the error may be.
        reason: Why it is not supported.
    """

    run_id: str
    job: str
    row: str
    name: str
    column: Column
    verdict: Verdict
    standing: Standing
    seconds: float | None = None
    error: float | None = None
    tolerance: float | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        """What a list of several rows calls it: its node id, a batch size with its model, else the row."""
        return f"{self.row} {self.name}" if self.name.startswith("batch=") else self.name or self.row
