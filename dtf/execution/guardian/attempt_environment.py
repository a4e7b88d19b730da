"""The environment of test code."""

from collections.abc import Mapping
from pathlib import Path

from dtf.domain.shard import ClaimedShard

_OURS = "DTF_"


def without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without anything of dtf's: the URLs of broker and database are secrets."""
    return {name: value for name, value in environment.items() if not name.startswith(_OURS)}


def attempt_environment(base: Mapping[str, str], claim: ClaimedShard, slot: int, artifacts: Path) -> dict[str, str]:
    """The environment of everything that an attempt starts: the worker's, the job's own, and who it is.

    Args:
        base: The worker's, without anything of dtf's.
        claim: The shard.
        slot: Where it runs.
        artifacts: Where files are put to be kept.
    """
    return {
        **base,
        **claim.job.work.environment,
        "DTF_RUN_ID": claim.run_id,
        "DTF_JOB_ID": claim.job_id,
        "DTF_SHARD_ID": claim.shard_id,
        "DTF_SLOT": str(slot),
        "DTF_ARTIFACTS_DIR": str(artifacts),
    }
