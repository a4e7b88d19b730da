"""What stays together when a manifest is cut: atoms, and the units that they form."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dtf.domain.manifest import Manifest, ManifestItem
from dtf.domain.requirement import normalise_requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """What is never cut: one test, or all tests of an ``xdist_group``.

    Attributes:
        ordinals: Places in the manifest, ascending.
        seconds: The predicted duration.
        scope: The class (or module) of its first test; a cut between two scopes spares a class fixture.
        requires: What all of its tests together ask of the hardware.
    """

    ordinals: tuple[int, ...]
    seconds: float
    scope: str
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Atoms that one slot had better run in a row, because they share fixtures and imports.

    Attributes:
        affinity: The module's name, the group's, or that of several small modules together; with what they ask for.
        atoms: In manifest order of their first tests; all of them ask the same of the hardware.
        seconds: Their predicted duration.
    """

    affinity: str
    atoms: tuple[Atom, ...]
    seconds: float

    @property
    def requires(self) -> tuple[str, ...]:
        """What its tests ask of the hardware."""
        return self.atoms[0].requires


def units_of(manifest: Manifest, seconds: Sequence[float]) -> list[Unit]:
    """Form a manifest's units, in manifest order: one for each module, one for each group over several modules.

    Tests of one module that ask different things of the hardware make a unit for each of these.

    Args:
        manifest: The tests.
        seconds: Predicted durations by ordinal.
    """
    members: dict[tuple[str, str | int], list[int]] = defaultdict(list)
    for ordinal, item in enumerate(manifest.items):
        members[("group", item.group) if item.group else ("test", ordinal)].append(ordinal)
    atoms: dict[tuple[str, tuple[str, ...]], list[Atom]] = defaultdict(list)
    for ordinals in members.values():
        items = [manifest.items[ordinal] for ordinal in ordinals]
        first = items[0]
        spans = {item.module for item in items}
        atom = Atom(
            ordinals=tuple(ordinals),
            seconds=sum(seconds[ordinal] for ordinal in ordinals),
            scope=_scope(first.nodeid),
            requires=together(items),
        )
        affinity = first.module if len(spans) == 1 else f"group {first.group}"
        atoms[affinity, atom.requires].append(atom)
    return [_unit(_named(affinity, requires), parts) for (affinity, requires), parts in atoms.items()]


def together(items: Sequence[ManifestItem]) -> tuple[str, ...]:
    """What tests that are never parted ask of the hardware together.

    Raises:
        BadInputError: They contradict each other, or ask too much.
    """
    found = {item.requires for item in items}
    if len(found) == 1:
        return items[0].requires
    return normalise_requirements(text for requires in found for text in requires)


def join_small(units: Iterable[Unit], *, small_s: float, joint_s: float) -> list[Unit]:
    """Join small units with their neighbours that ask the same of the hardware, so that a shard is worth its overhead.

    Args:
        units: In manifest order.
        small_s: A unit below this is small.
        joint_s: Joined units reach about this.
    """
    result: list[Unit] = []
    waiting: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
    for unit in units:
        if unit.seconds >= small_s:
            result.append(unit)
            continue
        small = waiting[unit.requires]
        small.append(unit)
        if sum(part.seconds for part in small) >= joint_s:
            result.append(_joined(waiting.pop(unit.requires)))
    result += [_joined(small) for small in waiting.values()]
    return result


def _joined(units: Sequence[Unit]) -> Unit:
    if len(units) == 1:
        return units[0]
    atoms = [atom for unit in units for atom in unit.atoms]
    return _unit(f"{units[0].affinity} and {len(units) - 1} more", atoms)


def _unit(affinity: str, atoms: Sequence[Atom]) -> Unit:
    return Unit(affinity=affinity, atoms=tuple(atoms), seconds=sum(atom.seconds for atom in atoms))


def _named(affinity: str, requires: tuple[str, ...]) -> str:
    """A slot goes on with what has the same name, so what needs other hardware has another one."""
    return f"{affinity} [{'; '.join(requires)}]" if requires else affinity


def _scope(nodeid: str) -> str:
    """The part of a node id that names class and module; parameters may hold ``::`` of their own."""
    return nodeid.split("[", 1)[0].rpartition("::")[0]
