"""How an order can fail to be answered."""

from dtf.domain.ports.executor import Exit

_PRINTED = 2000


class HostLostError(Exception):
    """The host process is gone, and with it the order."""


class HostDiedError(HostLostError):
    """The host process ended before it answered.

    Attributes:
        how: In words: ``by SIGKILL``, ``with status 3``.
        printed: The last of what it printed.
        end: How it ended.
    """

    def __init__(self, how: str, printed: str, end: Exit) -> None:
        super().__init__(f"its process ended {how}")
        self.how = how
        self.printed = printed[-_PRINTED:].strip()
        self.end = end


class HostSilentError(HostLostError):
    """The host process did not answer in time and was killed."""

    def __init__(self, do: str, waited_s: float) -> None:
        super().__init__(f"its process did not answer {do!r} within {waited_s:g} s and was killed")


class OrderCancelledError(HostLostError):
    """The order was called off, and the host process was killed."""
