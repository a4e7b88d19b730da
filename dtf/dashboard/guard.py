"""Whom the dashboard answers: by the names that it is asked by, and by the pages that requests come from.

A browser on this machine runs pages of strangers, too. They must not read the dashboard under a name of theirs that
points here (DNS rebinding), and must not have it do anything (cross-site requests).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from dtf.dashboard.options import LOOPBACK_NAMES, DashboardOptions

#: What changes nothing.
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
#: Where a browser says that a request comes from, and it may read and change what it likes.
_OWN_SITES = frozenset(("same-origin", "none"))
#: Addresses that mean all of the machine's.
_ANY = frozenset(("", "0.0.0.0", "::"))  # noqa: S104  # what is compared, and not bound


@dataclass(frozen=True, slots=True)
class Guard:
    """Says which requests are answered.

    Attributes:
        options: How the dashboard was started.
    """

    options: DashboardOptions

    def refusal(self, method: str, headers: Mapping[str, str]) -> str:
        """Why a request is not answered, for people; empty: it is.

        Args:
            method: GET and so on.
            headers: The request's; names in any case.
        """
        host = headers.get("Host", "")
        if not self.knows(host):
            return (
                f"the dashboard does not know itself by the name {host[:80]!r}; "
                "start it with --allow-host NAME to be asked by that name"
            )
        origin = headers.get("Origin")
        if origin is not None and _netloc(origin) != host.lower():
            return f"requests from pages of {origin[:80]!r} are not answered"
        site = headers.get("Sec-Fetch-Site")
        is_navigation = method in _SAFE and headers.get("Sec-Fetch-Mode") == "navigate"
        if site is not None and site not in _OWN_SITES and not is_navigation:
            return "requests from pages of other sites are not answered"
        return ""

    def knows(self, host: str) -> bool:
        """Whether a Host header names this dashboard."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        named = {one.lower() for one in (*LOOPBACK_NAMES, *self.options.hosts, self.options.address) if one not in _ANY}
        # an address cannot be made to point elsewhere by whoever owns a name
        return name in named or (self.options.address in _ANY and _is_address(name))


def _netloc(origin: str) -> str:
    """Name and port of an origin; empty: it has none, or is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
