"""What breakers keep work away from."""

from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import Target
from dtf.domain.ports.breakers import refuses


def refusing(seen: Seen) -> dict[Target, str]:
    """The targets whose breakers let no work through, with their states' names; none where nothing is known of them."""
    return {one.view.target: one.view.word for one in seen.breakers or () if refuses(one.view)}
