"""The errors of breakers."""

from dtf.domain.errors import DtfError


class StoreUnavailableError(DtfError):
    """The breakers' store does not answer."""

    exit_code = 10
