"""What jobs wrote down about the devices that they held, and what it amounts to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holding:
    """A job held some devices; times in seconds since the epoch."""

    devices: tuple[str, ...]
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A device had nothing to do while work waited that could have used it.

    Attributes:
        device: The device.
        begin: Since when.
        seconds: How long.
        held_back: Whether it was kept for a job that needs several devices, or only such jobs waited.
    """

    device: str
    begin: float
    seconds: float
    held_back: bool


def command(place: Path, seconds: float) -> list[str]:
    """A program that writes down when it began and ended, and on which devices."""
    note = f"echo $(date +%s.%N) $DTF_SHARD_ID $DTF_DEVICES >> {place}"
    return ["sh", "-c", f"{note}; sleep {seconds:g}; {note}"]


def read_holdings(place: Path) -> list[Holding]:
    """Both lines of every job, by beginning."""
    lines: dict[str, list[list[str]]] = {}
    for line in place.read_text().splitlines():
        at, shard, *devices = line.split()
        lines.setdefault(shard, []).append([at, *devices])
    for shard, pair in lines.items():
        assert len(pair) == 2, f"{shard} wrote {len(pair)} lines"
        assert pair[0][1:] == pair[1][1:], f"{shard} changed its devices"
    found = [Holding(tuple(first[1:]), float(first[0]), float(last[0])) for first, last in lines.values()]
    return sorted(found, key=lambda holding: holding.begin)


def shared(holdings: Iterable[Holding]) -> list[tuple[Holding, Holding]]:
    """Pairs of jobs that held the same device at the same time."""
    by_device = _by_device(holdings)
    return [(a, b) for own in by_device.values() for a, b in pairwise(own) if b.begin < a.end]


def gaps(holdings: Sequence[Holding], since: float) -> list[Gap]:
    """When devices had nothing to do although jobs waited; all of these jobs waited from ``since`` on."""
    last_single = max(holding.begin for holding in holdings if len(holding.devices) == 1)
    last = max(holding.begin for holding in holdings)
    found = []
    for device, own in _by_device(holdings).items():
        begin = since
        for holding in own:
            found.append(Gap(device, begin, holding.begin - begin, held_back=len(holding.devices) > 1))
            begin = holding.end
        found.append(Gap(device, begin, last_single - begin, held_back=False))
        found.append(Gap(device, max(begin, last_single), last - max(begin, last_single), held_back=True))
    return [gap for gap in found if gap.seconds > 0]


def _by_device(holdings: Iterable[Holding]) -> dict[str, list[Holding]]:
    found: dict[str, list[Holding]] = {}
    for holding in sorted(holdings, key=lambda holding: holding.begin):
        for device in holding.devices:
            found.setdefault(device, []).append(holding)
    return found
