import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, cast

import pytest

from dtf.domain.breaker import Target
from dtf.domain.shard import ClaimedShard, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork
from dtf.execution.guardian.claimant import claim_hinted

_JOB = JobSpec(name="c", work=CommandWork(argv=("true",)), source=Source(kind=SourceKind.PATH, location="/"))
_SHARD = ClaimedShard(shard_id="s1", attempt=2, run_id="r", job_id="j", job=_JOB, kind=ShardKind.RUN)
_OTHERS = Target(hardware="cpu", name="celery@other")


@dataclass
class Guardian:
    """The services of a worker that failed the shard; another one serves its queue, and may be refused."""

    refused: frozenset[Target]
    worker_id: str = "w1"

    @property
    def database(self) -> "Guardian":
        return self

    @property
    def shards(self) -> "Guardian":
        return self

    @property
    def ward(self) -> "Guardian":
        return self

    @property
    def config(self) -> "Guardian":
        return self

    lease_s: float = 30.0

    async def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)

    async def refusing(self) -> frozenset[Target]:
        return self.refused

    def claim(self, shard_id: str, *, refusing: Collection[Target], **_: Any) -> ClaimedShard | None:
        return None if self.left_to_others(shard_id, self.worker_id, refusing) else _SHARD

    def left_to_others(self, _shard_id: str, _worker_id: str, refusing: Collection[Target] = ()) -> str:
        return "" if _OTHERS in refusing else "it is left to another one"


@pytest.mark.parametrize("refused", [(), (Target(hardware="cuda", name="G0"),)])
def test_a_shard_that_failed_here_is_left_to_who_can_take_it(refused: tuple[Target, ...]) -> None:
    """Its hint is put back, with the reason."""
    found = asyncio.run(claim_hinted(cast("Any", Guardian(frozenset(refused))), "s1", 0))
    assert (found.shard, found.left) == (None, "it is left to another one")


def test_the_only_sound_worker_takes_it_at_once_and_says_why() -> None:
    """The breakers of the others are open: nobody waits for them."""
    found = asyncio.run(claim_hinted(cast("Any", Guardian(frozenset((_OTHERS,)))), "s1", 0))
    assert (found.shard, found.left) == (_SHARD, "")
    assert "no other one takes it now" in found.note
