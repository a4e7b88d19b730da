"""Every error that dtf raises on purpose. A class docstring is its default message."""


class DtfError(Exception):
    """Something went wrong in dtf."""

    #: The exit status of a command that ends with this error.
    exit_code = 3

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class BadInputError(DtfError):
    """The input cannot be used."""

    exit_code = 2


class UnknownRecordError(BadInputError):
    """There is no such record."""


class IdempotencyConflictError(BadInputError):
    """The idempotency key was used before with another content."""


class SettingsError(BadInputError):
    """The settings cannot be used."""


class LedgerUnavailableError(DtfError):
    """The database cannot be reached; nothing was written."""

    exit_code = 10


class BrokerUnavailableError(DtfError):
    """The message broker cannot be reached."""

    exit_code = 10


class UnsafeBrokerError(DtfError):
    """The message broker evicts keys under memory pressure and would lose hints silently."""

    exit_code = 2


class TermOverError(DtfError):
    """The coordinator's term is over; nothing was written."""


class InvalidTransitionError(DtfError):
    """A record cannot go from its state to that one."""


class SourceError(BadInputError):
    """The source of a job cannot be packed or fetched."""


class ClusterError(DtfError):
    """The embedded cluster could not be started or joined."""

    exit_code = 10


class CircuitOpenError(DtfError):
    """The circuit breaker is open."""

    exit_code = 10
