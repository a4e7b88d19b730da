"""How long tests take."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Durations(Protocol):
    """Predicts durations from what was seen before."""

    def predict(self, suite: str, hardware: str, nodeids: Sequence[str]) -> Mapping[str, float]:
        """Predicted seconds for those of the node ids that are known; the others are missing.

        Args:
            suite: What names the suite over its revisions: the job's name.
            hardware: The tag.
            nodeids: pytest's node ids.
        """
        ...
