"""How every process of dtf talks to the broker."""

import socket
from collections.abc import Mapping
from typing import Any

#: Seconds after which a silent socket is given up. BRPOP answers within one second, so this is ample.
SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 3.0

#: The transport's option that holds what says from which queues a message is taken now.
ADMIT_OPTION = "dtf_admit"

#: By scheme of the broker's URL. Named, not imported: Kombu loads them when the first connection is made.
TRANSPORTS: Mapping[str, str] = {
    "redis": "dtf.storage.redis_transport:QuarantineTransport",
    "rediss": "dtf.storage.redis_transport:QuarantineTransport",
    "sentinel": "dtf.storage.redis_transport:QuarantineSentinelTransport",
}


def transport_for(url: str) -> str | None:
    """The transport for a broker's URL; None: Kombu's own for that scheme."""
    return TRANSPORTS.get(url.partition("://")[0].lower())


def transport_options() -> dict[str, Any]:
    """Kombu's options for the transport."""
    return {
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "socket_keepalive_options": {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3},
        # a half-open connection is found within about 1 s + twice this
        "health_check_interval": 5,
        # the ledger repairs lost hints, so the broker need not keep track of what was read: no visibility timeout
        # that sends a hint twice, and two writes less for each message
        "ack_emulation": False,
        # one Redis list for each queue: the dispatcher decides the order, and a queue's length is one LLEN
        "priority_steps": [0],
    }
