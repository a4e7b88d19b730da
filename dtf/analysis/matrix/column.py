"""A column of the matrix: hardware and device."""

from dataclasses import dataclass

from dtf.analysis.standing import device_names
from dtf.domain.ports.views import AttemptView
from dtf.domain.proof import DEGRADED, DEVICE, SIMULATED, SOFTWARE, YES
from dtf.domain.specs import HARDWARE_TAGS, JobSpec
from dtf.domain.work import BrowserCheck, BrowserWork

#: The tags whose devices are in browsers.
_IN_BROWSERS = ("webgpu", "webnn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One kind of device under one hardware tag. Software, simulated and fallback devices are columns of their own.

    Attributes:
        hardware: The hardware tag.
        device: The devices' names, a browser's with its version; empty: nobody said.
        provider: What a model in a browser ran on where that is not the tag: ``wasm``; empty otherwise.
        software: Whether it is a software adapter.
        simulated: Whether it exists by declaration only.
        degraded: The fallback hardware on which it ran in place of the tag: ``cpu``; empty: it did not.
        idle: Whether nothing ran in it, and nobody knows on which device it would have.
    """

    hardware: str
    device: str = ""
    provider: str = ""
    software: bool = False
    simulated: bool = False
    degraded: str = ""
    idle: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """The words with which it is shown wherever it is shown."""
        marks = {f"degraded: {self.degraded}": self.degraded, "software": self.software, "simulated": self.simulated}
        return tuple(word for word, holds in marks.items() if holds)

    @property
    def tag(self) -> str:
        """The tag without its marks: ``webgpu``, ``webgpu, wasm``, ``webgpu, not run``."""
        return ", ".join(filter(None, (self.hardware, self.provider, "not run" if self.idle else "")))

    @property
    def title(self) -> str:
        """The tag with its marks: ``webgpu (software)``."""
        return f"{self.tag} ({', '.join(self.marks)})" if self.marks else self.tag

    @property
    def label(self) -> str:
        """The title with the device."""
        return f"{self.title}: {self.device}" if self.device else self.title

    @property
    def order(self) -> tuple[int, bool, str, bool, bool, str, str]:
        """Tags in their usual order, what is real first, what never ran last."""
        known = HARDWARE_TAGS.index(self.hardware) if self.hardware in HARDWARE_TAGS else len(HARDWARE_TAGS)
        return known, self.idle, self.degraded, self.simulated, self.software, self.provider, self.device


def column_of(spec: JobSpec, attempt: AttemptView | None) -> Column:
    """Where the results of an attempt stand; without an attempt nobody knows the device."""
    provider = ""
    if isinstance(spec.work, BrowserWork) and spec.work.check is BrowserCheck.MODEL:
        provider = "" if spec.work.provider == spec.hardware else spec.work.provider
    if attempt is None:
        return Column(hardware=spec.hardware, provider=provider)
    # a slot has all browsers of its host: one that names several is one in which none was chosen yet
    undecided = spec.hardware in _IN_BROWSERS and len(attempt.proof.get(DEVICE, "").split()) > 1
    return Column(
        hardware=spec.hardware,
        device="" if undecided else device_names(attempt.proof),
        provider=provider,
        software=attempt.proof.get(SOFTWARE) == YES,
        simulated=attempt.proof.get(SIMULATED) == YES,
        degraded=attempt.proof.get(DEGRADED, "").rpartition("-> ")[2],
    )
