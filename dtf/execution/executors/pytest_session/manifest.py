"""From what an agent collected to the manifest."""

from collections.abc import Mapping, Sequence
from typing import Any

from dtf.domain.errors import BadInputError
from dtf.domain.manifest import Manifest, ManifestItem
from dtf.domain.requirement import normalise_requirements

#: How many bad marks one message names.
_MOST_NAMED = 5


def manifest_of(message: Mapping[str, Any], requirements: Sequence[str]) -> Manifest:
    """Read an agent's ``collected`` message.

    Args:
        message: It; an item is its node id, its module, its group, and what its marks require, as they were written.
        requirements: What the job requires of the hardware.

    Raises:
        BadInputError: A mark cannot be read, or contradicts the job's requirements or those of its group; the message
            has a line for each of the first, with the test's node id.
    """
    marks = _Marks(requirements)
    items = tuple(
        ManifestItem(nodeid=nodeid, module=module, group=group, requires=marks.read(nodeid, group, tuple(texts)))
        for nodeid, module, group, texts in message["items"]
    )
    if marks.problems:
        raise BadInputError("\n".join(marks.problems[:_MOST_NAMED]))
    return Manifest(items=items, deselected=message["deselected"], max_failures=message["max_failures"])


class _Marks:
    """Reads marks; the same texts once only, since a module's mark stands at each of its tests."""

    def __init__(self, requirements: Sequence[str]) -> None:
        self._job = tuple(requirements)
        self._read: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
        self._groups: dict[str, set[str]] = {}
        self.problems: list[str] = []

    def read(self, nodeid: str, group: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The canonical form of what a test requires; a problem is noted."""
        try:
            if texts not in self._read:
                normalise_requirements((*self._job, *texts))
                self._read[texts] = normalise_requirements(texts)
            found = self._read[texts]
            if group and found:
                self._join(group, found)
        except BadInputError as error:
            self.problems += [f"{nodeid}: {line}" for line in str(error).split("\n")]
            return ()
        return found

    def _join(self, group: str, requires: tuple[str, ...]) -> None:
        """A group is never parted, so what one of its tests requires all of them get."""
        together = self._groups.setdefault(group, set())
        if not together.issuperset(requires):
            normalise_requirements((*self._job, *together, *requires))
            together.update(requires)
