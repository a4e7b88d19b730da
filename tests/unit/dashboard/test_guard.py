from collections.abc import Mapping

import pytest

from dtf.dashboard.guard import Guard
from dtf.dashboard.options import DashboardOptions

HERE = "127.0.0.1:8050"


def refusal(headers: Mapping[str, str], method: str = "GET", **options: object) -> str:
    """What the guard says."""
    return Guard(DashboardOptions(**options)).refusal(method, headers)  # type: ignore[arg-type]  # any option


@pytest.mark.parametrize(
    "host", [HERE, "localhost", "LOCALHOST:8050", "localhost:1", "[::1]:8050", "[::1]", "127.0.0.1"]
)
def test_the_loopback_names_are_answered(host: str) -> None:
    """Under each of this machine's names for itself, whatever the port: it may be forwarded from another one."""
    assert refusal({"Host": host}) == ""


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8050", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5:8050",
     "[::2]:8050", "[::1", "localhost@evil.example", "evil.example#localhost", "2130706433", "0.0.0.0:8050", "a b"],
)  # fmt: skip
def test_other_names_are_refused(host: str) -> None:
    """A stranger's name that points to this machine (DNS rebinding) reads nothing; the answer names the option."""
    assert "--allow-host" in refusal({"Host": host})


def test_a_name_that_was_allowed_is_answered() -> None:
    """Behind a proxy the dashboard has the proxy's name."""
    assert refusal({"Host": "lab.example:443"}, hosts=("Lab.Example",)) == ""
    assert refusal({"Host": "other.example"}, hosts=("lab.example",)) != ""


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])  # noqa: S104  # compared, and not bound
def test_beyond_loopback_addresses_are_answered_and_names_are_not(address: str) -> None:
    """Nobody can make an address point elsewhere; a name has to be allowed."""
    for host in ("10.1.2.3:8050", "[fe80::1]:8050", HERE):
        assert refusal({"Host": host}, address=address) == ""
    assert refusal({"Host": "lab:8050"}, address=address) != ""
    assert refusal({"Host": "lab:8050"}, address=address, hosts=("lab",)) == ""


def test_the_address_that_it_listens_on_is_answered() -> None:
    """And no other address."""
    assert refusal({"Host": "10.1.2.3:8050"}, address="10.1.2.3") == ""
    assert refusal({"Host": "10.1.2.4:8050"}, address="10.1.2.3") != ""


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "null", "http://localhost:8050", "file://", "http://["]
)
def test_pages_of_others_are_refused(origin: str) -> None:
    """Another port of this machine is another one's page, too, and so is the same one under another name."""
    assert "not answered" in refusal({"Host": HERE, "Origin": origin}, "POST")
    assert "not answered" in refusal({"Host": HERE, "Origin": origin})


def test_its_own_pages_are_answered() -> None:
    """Whatever they do."""
    own = {"Host": HERE, "Origin": f"http://{HERE}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert [refusal(own, method) for method in ("GET", "POST", "DELETE")] == ["", "", ""]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_requests_from_other_sites_are_refused(site: str) -> None:
    """A link to the dashboard works; a form, an image or a script of a stranger's does not."""
    asked = {"Host": HERE, "Sec-Fetch-Site": site}
    assert refusal({**asked, "Sec-Fetch-Mode": "navigate"}) == ""
    assert refusal({**asked, "Sec-Fetch-Mode": "navigate"}, "POST") != ""
    assert refusal({**asked, "Sec-Fetch-Mode": "no-cors"}) != ""
    assert refusal({**asked, "Sec-Fetch-Mode": "websocket"}) != ""


def test_what_is_typed_is_answered() -> None:
    """So are programs, which say nothing about sites."""
    assert refusal({"Host": HERE, "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}) == ""
    assert refusal({"Host": HERE}, "POST") == ""
