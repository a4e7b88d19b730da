"""Cuts a manifest into shards."""

from collections.abc import Mapping
from typing import Final

from dtf.domain.manifest import Manifest
from dtf.domain.shard import ShardPlan
from dtf.domain.work import Isolation
from dtf.scheduling.cutter import Piece, Sizes, cut
from dtf.scheduling.unit import join_small, units_of
from dtf.scheduling.weights import Weights, weigh

#: A shard of known tests takes between these, in seconds: below, claim and record cost too much of it.
LEAST_S: Final = 0.25
MOST_S: Final = 2.0

#: A shard of unknown tests has between these many tests.
LEAST_TESTS: Final = 8
MOST_TESTS: Final = 100

#: Into how many pieces a slot's share of what is left is cut in thought, where tests are not known: a piece of slow
#: ones that is begun last holds up the end.
_UNKNOWN_PARTS = 6

#: In how many pieces at least a slot's work comes, where tests are not known: they may be slow ones.
_PIECES_PER_SLOT = 16


def plan(
    manifest: Manifest,
    *,
    slots: int,
    durations: Mapping[str, float],
    isolation: Isolation = Isolation.SLOT,
) -> tuple[ShardPlan, ...]:
    """Cut a manifest into shards.

    A shard belongs to one module, so that a slot sets up its fixtures once; small neighbouring modules share a shard.
    A group of ``xdist_group`` is never cut; what one of its tests asks of the hardware, all of them get. Otherwise
    tests that ask different things never share a shard. Tests longer than a shard go first, then each module's first
    shard, the longest module ahead: a slot that has begun a module goes on with it by itself, so what is dispatched
    first is where nobody is yet. The remaining shards follow in the order in which they would be pulled.

    Args:
        manifest: What was collected.
        slots: How many slots are expected to work on it; at least 1.
        durations: Known seconds by node id.
        isolation: With ``MODULE``, modules never share a shard.

    Returns:
        Shards by rank; each ordinal stands in exactly one, in manifest order. Empty for an empty manifest.
    """
    if not manifest.items:
        return ()
    weights = weigh(manifest, durations)
    total_s = sum(weights.seconds)
    sizes = _sizes(weights, slots)
    units = units_of(manifest, weights.seconds)
    if isolation is not Isolation.MODULE:
        joint_s = min(max(total_s / (4 * slots), sizes.least_s), 0.75 * sizes.most_s)
        units = join_small(units, small_s=joint_s / 2, joint_s=joint_s)
    units.sort(key=lambda unit: -unit.seconds)
    pieces = sorted(cut(units, slots=slots, sizes=sizes), key=_urgency)
    return tuple(
        ShardPlan(
            ordinals=piece.ordinals,
            affinity=piece.affinity,
            predicted_s=piece.seconds,
            rank=rank,
            requires=piece.requires,
        )
        for rank, piece in enumerate(pieces)
    )


def _sizes(weights: Weights, slots: int) -> Sizes:
    if weights.are_known:
        return Sizes(least_s=LEAST_S, most_s=MOST_S)
    least = min(max(len(weights.seconds) / (_PIECES_PER_SLOT * slots), 1), LEAST_TESTS)
    most_s = MOST_TESTS * weights.typical_s
    return Sizes(least_s=least * weights.typical_s, most_s=most_s, parts=_UNKNOWN_PARTS)


def _urgency(piece: Piece) -> tuple[int, float]:
    """Sort key; the sort is stable, so what is equal stays in the order in which it would be pulled."""
    if piece.big:
        return (0, -piece.seconds)
    return (1 if piece.first else 2, 0.0)
