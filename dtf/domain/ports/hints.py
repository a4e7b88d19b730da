"""How workers hear that there is something to claim."""

from typing import Protocol


class Hints(Protocol):
    """The message broker, as the dispatcher sees it. A hint may be lost or doubled without harm."""

    def send_shard(self, queue: str, shard_id: str) -> None:
        """Hint that a shard waits.

        Raises:
            BrokerUnavailableError: It was not sent.
        """
        ...

    def send_prepare(self, queue: str, job_id: str) -> None:
        """Hint that a suite will soon have work: a worker that reads it warms it up."""
        ...

    def length(self, queue: str) -> int:
        """How many messages wait in the queue."""
        ...

    def incarnation(self) -> str:
        """What changes when the broker lost its memory (its run id)."""
        ...
