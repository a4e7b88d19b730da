"""A failure that a job is to meet on purpose: what is asked for, in words that are checked."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from dtf.domain.errors import BadInputError
from dtf.domain.failure import INJECTABLE, FailureType, Intensity, is_recorded
from dtf.domain.suggestion import did_you_mean
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork, Work

#: Names to a job the failure that it meets.
INJECTED_VARIABLE = "DTF_INJECTED"
#: What an ``api_error`` of a suite or a program breaks.
MODULE, COMMAND = "module", "command"

#: What does not exist for suites and programs, on whatever machine they run, and why.
NOT_IN_JOBS: Mapping[tuple[FailureType, Intensity], str] = MappingProxyType(
    {
        (FailureType.GPU_ERROR, Intensity.MILD): "nothing outside of a process makes its GPU fail for a moment only",
    }
)

_NAMES = {MODULE: re.compile(r"[A-Za-z_]\w{0,99}"), COMMAND: re.compile(r"[\w.+-]{1,100}")}
#: Modules without which no suite runs: nobody would learn anything from their failure.
_OF_SUITES = frozenset(("pytest", "_pytest", "pluggy", "iniconfig", "py", "dtf"))
_EXAMPLE = "as in 'gpu_error severe'"


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionSpec:
    """A failure that a job is to meet, once.

    Attributes:
        failure: Its type.
        intensity: How bad.
        what: For an ``api_error`` of a suite or a program, what is broken: ``module=requests`` or ``command=git``;
            empty: nothing is named.
    """

    failure: FailureType
    intensity: Intensity
    what: str = ""

    @property
    def recorded(self) -> bool:
        """Whether a breaker takes notice of it, once."""
        return is_recorded(self.failure, self.intensity)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.failure.value, self.intensity.value, self.what)))


def read_injection(text: str) -> InjectionSpec:
    """Read ``TYPE INTENSITY``, with ``module=NAME`` or ``command=NAME`` behind where something is named.

    Raises:
        BadInputError: It is no failure that can be injected; the message tells which there are.
    """
    words = text.split()
    if not _is_one(words):
        raise BadInputError(f"{text[:80]!r} is not a failure to inject: {_choices()}")
    failure, intensity = the_failure(words[0]), the_intensity(words[1])
    return InjectionSpec(failure=failure, intensity=intensity, what=the_part(words[2]) if words[2:] else "")


def the_failure(word: str) -> FailureType:
    """A type that can be injected, by its name.

    Raises:
        BadInputError: There is none of that name.
    """
    return FailureType(_one_of(word, INJECTABLE, "type of failure"))


def the_intensity(word: str) -> Intensity:
    """An intensity by its name.

    Raises:
        BadInputError: There is none of that name.
    """
    return Intensity(_one_of(word, tuple(Intensity), "intensity"))


def the_part(word: str) -> str:
    """What an ``api_error`` breaks, as ``module=NAME`` or ``command=NAME``.

    Raises:
        BadInputError: It names nothing that can be broken.
    """
    kind, _, name = word.partition("=")
    if kind not in _NAMES:
        raise BadInputError(f"{word[:80]!r} names nothing to break: write module=NAME or command=NAME")
    if not _NAMES[kind].fullmatch(name):
        told = "a top-level module, as in module=requests" if kind == MODULE else "a program, as in command=git"
        raise BadInputError(f"{name[:80]!r} is not the name of {told}")
    if kind == MODULE and (name in sys.stdlib_module_names or name in _OF_SUITES):
        raise BadInputError(f"the module {name} cannot be broken: the job's own interpreter or runner needs it")
    return f"{kind}={name}"


def check_injection(spec: InjectionSpec, work: Work) -> None:
    """See that a failure means something to a job.

    Raises:
        BadInputError: It does not; the message tells why.
    """
    if isinstance(work, BenchmarkWork):
        raise BadInputError("a benchmark takes no injected failure; inject into a test, a command or a browser task")
    if isinstance(work, BrowserWork):
        if work.check is BrowserCheck.SCRIPT:
            raise BadInputError("check: script takes no injected failure, as the script drives the browser itself")
        if spec.what:
            raise BadInputError(f"{spec.what} means nothing to a browser, whose own interfaces are broken")
    elif reason := NOT_IN_JOBS.get((spec.failure, spec.intensity)):
        raise BadInputError(f"{spec} is not available for tests and commands: {reason}")
    elif spec.failure is FailureType.API_ERROR and not spec.what:
        raise BadInputError("an api_error of a test or a command needs what is broken: module=NAME or command=NAME")
    elif spec.what and spec.failure is not FailureType.API_ERROR:
        raise BadInputError(f"{spec.what} belongs to an api_error, not to a {spec.failure}")


def _is_one(words: Sequence[str]) -> bool:
    """Whether words may mean one failure: not two types or two intensities, and what is broken with its kind."""
    if not 2 <= len(words) <= 3 or any("," in word for word in words) or any("=" not in word for word in words[2:]):
        return False
    types, intensities = ([word in known for word in words] for known in (INJECTABLE, tuple(Intensity)))
    return sum(types) <= 1 and sum(intensities) <= 1 and not intensities[0]


def _one_of(word: str, known: Iterable[str], what: str) -> str:
    choices = tuple(map(str, known))
    if word not in choices:
        hint = did_you_mean(word, choices)
        raise BadInputError(f"unknown {what} {word[:80]!r}{hint}; choose from {', '.join(choices)}")
    return word


def _choices() -> str:
    types, intensities = ", ".join(INJECTABLE), ", ".join(Intensity)
    named = f"an api_error of a test or a command also {MODULE}=NAME or {COMMAND}=NAME"
    return f"write one type ({types}) and one intensity ({intensities}), {_EXAMPLE}; {named}"
