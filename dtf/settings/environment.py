"""The process's environment; nothing else in dtf reads it."""

import os
from collections.abc import Mapping

#: Variables of dtf's that are no settings: what it tells the tests it runs, and switches of one process.
NOT_SETTINGS = frozenset(
    {
        "DTF_ARTIFACTS_DIR",
        "DTF_CLUSTER_TOKEN",
        "DTF_CONFIG",
        "DTF_DEBUG",
        "DTF_JOB_ID",
        "DTF_OWNER",
        "DTF_RUN_ID",
        "DTF_SHARD_ID",
        "DTF_SLOT",
        "DTF_SLOT_TOKEN",
    }
)

#: What dtf's own tests are told by the one who starts them.
TEST_PREFIX = "DTF_TEST_"


def process_environment() -> Mapping[str, str]:
    """The environment of this process, as it is now."""
    return dict(os.environ)  # noqa: TID251  # the one place that reads it
