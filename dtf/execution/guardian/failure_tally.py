"""How many failures a worker knows of beyond what the ledger said."""


class FailureTally:
    """The failures of one job's attempts on this worker; all of its slots share it.

    A claim brings what the ledger had counted at that moment. What has been reported here and was not on its way to the
    ledger by then comes on top. A result that was on its way may be in the ledger's count or not, so it is left out: a
    job may run a few tests too many, never one too few.
    """

    def __init__(self) -> None:
        self._reported = 0
        self._sent = 0

    def report(self) -> None:
        """A test has failed."""
        self._reported += 1

    def send(self, failures: int) -> None:
        """An attempt with so many failures is now recorded."""
        self._sent += failures

    def since_claim(self) -> "FailuresSince":
        """Count from a claim that was just made."""
        return FailuresSince(self, self._sent)

    def beyond(self, sent: int) -> int:
        """What was reported, without the so many that were sent first."""
        return self._reported - sent


class FailuresSince:
    """What comes on top of a claim's count."""

    def __init__(self, tally: FailureTally, sent: int) -> None:
        self.tally = tally
        self._sent = sent

    @property
    def count(self) -> int:
        """Failures that the ledger did not know of when the claim was made."""
        return self.tally.beyond(self._sent)
