"""How the dashboard is started."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from math import isfinite

from dtf.domain.errors import BadInputError

_WORD = re.compile(r"[A-Za-z0-9._~-]+")
#: A name or an address; that of IPv6 without brackets.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")

#: The names of this machine for itself.
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardOptions:
    """How the dashboard is started.

    Attributes:
        address: Where it listens.
        port: On which port; 0: a free one.
        update_interval_s: How often a page that has lost its socket asks anew, in seconds.
        url_prefix: The path below which all of it stands; empty: ``/``.
        hosts: Names by which it may be asked, beside those of the loopback device and ``address``.
        read_only: Whether nothing can be changed by it.

    Raises:
        BadInputError: The prefix is no path, or a name is none.
    """

    address: str = "127.0.0.1"
    port: int = 8050
    update_interval_s: float = 5.0
    url_prefix: str = ""
    hosts: tuple[str, ...] = ()
    read_only: bool = False

    def __post_init__(self) -> None:
        if not self.address.strip():
            raise BadInputError("--address is empty; 0.0.0.0 means all addresses of this machine")
        if not isfinite(self.update_interval_s):
            raise BadInputError(f"--update-interval {self.update_interval_s} is no number of seconds")
        words = self.url_prefix.strip("/").split("/") if self.url_prefix.strip("/") else []
        if not all(_WORD.fullmatch(word) and word.strip(".") for word in words):
            raise BadInputError(
                f"--url-prefix {self.url_prefix[:80]!r} is no path: words of letters, digits and . _ ~ - with / between"
            )
        for host in self.hosts:
            if not _HOST.fullmatch(host):
                raise BadInputError(f"--allow-host {host[:80]!r} is no name: give it without scheme, port and path")

    @property
    def prefix(self) -> str:
        """The prefix as paths begin with it: empty, or ``/lab``."""
        word = self.url_prefix.strip("/")
        return f"/{word}" if word else ""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it: one that is asked by other names has a proxy before it."""
        return all(map(_is_loopback, (self.address, *self.hosts)))


def _is_loopback(name: str) -> bool:
    if name.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
