"""What stays together when a manifest is cut: atoms, and the units that they form."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dtf.domain.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """What is never cut: one test, or all tests of an ``xdist_group``.

    Attributes:
        ordinals: Places in the manifest, ascending.
        seconds: The predicted duration.
        scope: The class (or module) of its first test; a cut between two scopes spares a class fixture.
    """

    ordinals: tuple[int, ...]
    seconds: float
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Atoms that one slot had better run in a row, because they share fixtures and imports.

    Attributes:
        affinity: The module's name, the group's, or that of several small modules together.
        atoms: In manifest order of their first tests.
        seconds: Their predicted duration.
    """

    affinity: str
    atoms: tuple[Atom, ...]
    seconds: float


def units_of(manifest: Manifest, seconds: Sequence[float]) -> list[Unit]:
    """Form a manifest's units, in manifest order: one for each module, one for each group over several modules.

    Args:
        manifest: The tests.
        seconds: Predicted durations by ordinal.
    """
    members: dict[tuple[str, str | int], list[int]] = defaultdict(list)
    for ordinal, item in enumerate(manifest.items):
        members[("group", item.group) if item.group else ("test", ordinal)].append(ordinal)
    atoms: dict[str, list[Atom]] = defaultdict(list)
    for ordinals in members.values():
        first = manifest.items[ordinals[0]]
        spans = {manifest.items[ordinal].module for ordinal in ordinals}
        affinity = first.module if len(spans) == 1 else f"group {first.group}"
        weight = sum(seconds[ordinal] for ordinal in ordinals)
        atoms[affinity].append(Atom(ordinals=tuple(ordinals), seconds=weight, scope=_scope(first.nodeid)))
    return [_unit(affinity, parts) for affinity, parts in atoms.items()]


def join_small(units: Iterable[Unit], *, small_s: float, joint_s: float) -> list[Unit]:
    """Join small units with their neighbours, so that a shard is worth its overhead.

    Args:
        units: In manifest order.
        small_s: A unit below this is small.
        joint_s: Joined units reach about this.
    """
    result: list[Unit] = []
    waiting: list[Unit] = []
    for unit in units:
        if unit.seconds >= small_s:
            result.append(unit)
            continue
        waiting.append(unit)
        if sum(part.seconds for part in waiting) >= joint_s:
            result.append(_joined(waiting))
            waiting = []
    if waiting:
        result.append(_joined(waiting))
    return result


def _joined(units: Sequence[Unit]) -> Unit:
    if len(units) == 1:
        return units[0]
    atoms = [atom for unit in units for atom in unit.atoms]
    return _unit(f"{units[0].affinity} and {len(units) - 1} more", atoms)


def _unit(affinity: str, atoms: Sequence[Atom]) -> Unit:
    return Unit(affinity=affinity, atoms=tuple(atoms), seconds=sum(atom.seconds for atom in atoms))


def _scope(nodeid: str) -> str:
    """The part of a node id that names class and module; parameters may hold ``::`` of their own."""
    return nodeid.split("[", 1)[0].rpartition("::")[0]
