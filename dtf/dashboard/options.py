"""How the dashboard is started."""

from dataclasses import dataclass
from ipaddress import ip_address

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
    """

    address: str = "127.0.0.1"
    port: int = 8050
    update_interval_s: float = 5.0
    url_prefix: str = ""
    hosts: tuple[str, ...] = ()
    read_only: bool = False

    @property
    def prefix(self) -> str:
        """The prefix as paths begin with it: empty, or ``/lab``."""
        word = self.url_prefix.strip("/")
        return f"/{word}" if word else ""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.address in LOOPBACK_NAMES:
            return True
        try:
            return ip_address(self.address).is_loopback
        except ValueError:
            return False
