"""What a task says about its circuit breaker."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from dtf.breakers.config import BreakerConfig
from dtf.breakers.counting import Counts, check_counts, is_infrastructure
from dtf.domain.breaker import Target
from dtf.domain.errors import BadInputError

#: What a call needs: one thing or several, each by its name on the breaker's hardware or as a whole target.
Needs = str | Target | Sequence[str | Target]

#: Finds it from the task, the call's arguments and its keywords.
NeedsFinder = Callable[[Any, Sequence[Any], Mapping[str, Any]], Needs]

#: Looks whether a target works: it does unless this raises or returns False.
Canary = Callable[[Target], object]

_REFUSED: Final = ("raise", "retry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What a task says about its circuit breaker.

    Attributes:
        target: What the calls need and what can break: a name, several, or a function of the task, the call's arguments
            and its keywords; None: the task's own name.
        hardware: What the names are names of. Targets of one hardware learn from each other.
        canary: Looks whether the target works, in the pool child, in place of a call that would be refused; then no
            call is used as a probe. None: one call at a time probes.
        refused: What becomes of a call that is refused: "raise" raises ``CircuitOpenError``, "retry" retries it later,
            for as often as the task's ``max_retries`` allows.
        counts: The exceptions that the infrastructure is to blame for: classes, or a function that tells. An
            ``AssertionError`` never counts.
        group: The calls that fail together by their own fault; empty: the task's name.
        probes: How many calls may probe at a time.
        lease_s: After so many seconds a probe whose worker died is given up; longer than any call takes. None: the
            task's time limit and a little more, and ten minutes where it has none.
    """

    target: Needs | NeedsFinder | None = None
    hardware: str = "celery"
    canary: Canary | None = None
    refused: Literal["raise", "retry"] = "raise"
    counts: Counts = is_infrastructure
    group: str = ""
    probes: int = 1
    lease_s: float | None = None

    def __post_init__(self) -> None:
        self._check_words()
        if self.canary is not None and not callable(self.canary):
            raise BadInputError(f"a breaker's canary is {self.canary!r:.100}: it is a function of the target")
        if self.target is not None and not callable(self.target):
            self._named(self.target)
        check_counts(self.counts)
        # the bounds are those of the settings, and so is the error
        BreakerConfig.of({"probes": self.probes} | ({} if self.lease_s is None else {"lease_s": self.lease_s}))

    def _check_words(self) -> None:
        if self.refused not in _REFUSED:
            raise BadInputError(f"a breaker's refused is {self.refused!r}, and can only be 'raise' or 'retry'")
        if not isinstance(self.hardware, str) or not self.hardware or "/" in self.hardware:
            raise BadInputError(f"a breaker's hardware is {self.hardware!r:.100}: it needs a name without a slash")
        if not isinstance(self.group, str):
            raise BadInputError(f"a breaker's group is {self.group!r:.100}: it is a name")

    def targets(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Target, ...]:  # noqa: ANN401  # Celery has no types
        """What a call needs, each once and in order.

        Raises:
            BadInputError: It is no name.
        """
        needs = self.target if not callable(self.target) else self.target(task, args, kwargs)
        if needs is None:
            needs = str(task.name)
        return self._named(needs) if needs or isinstance(needs, str) else ()

    def _named(self, needs: object) -> tuple[Target, ...]:
        if isinstance(needs, str | Target):
            return (self._target(needs),)
        if not isinstance(needs, Sequence | AbstractSet) or not needs:
            raise BadInputError(f"a breaker's target is {needs!r:.100}: it is a name, several, or a function")
        return tuple(sorted({self._target(need) for need in needs}))

    def _target(self, need: object) -> Target:
        if isinstance(need, Target):
            return need
        if not isinstance(need, str) or not need:
            raise BadInputError(f"a breaker's target is {need!r:.100}: it needs a name")
        return Target(hardware=self.hardware, name=need)


@lru_cache(maxsize=1024)  # each call asks several times, and a breaker's words are checked when it is made
def _by_target(target: str | None) -> Breaker:
    return Breaker(target=target)


def declared(said: object) -> Breaker:
    """The breaker of a task's attribute ``breaker``: as it is, by a target's name, or by default.

    Raises:
        BadInputError: It is none of these.
    """
    if said is None or (isinstance(said, str) and said):
        return _by_target(said)
    if isinstance(said, Breaker):
        return said
    raise BadInputError(f"a task's breaker is {said!r:.100}: it is a target's name or a dtf.breakers.Breaker")
