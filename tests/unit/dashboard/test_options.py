from typing import Any

import pytest

from dtf.dashboard.options import DashboardOptions
from dtf.domain.errors import BadInputError


@pytest.mark.parametrize(
    ("given", "prefix"),
    [("", ""), ("/", ""), ("lab", "/lab"), ("/lab/", "/lab"), ("a/b", "/a/b"), ("a.b~c-d_1", "/a.b~c-d_1")],
)
def test_a_prefix_is_a_path(given: str, prefix: str) -> None:
    """With or without slashes at its ends."""
    assert DashboardOptions(url_prefix=given).prefix == prefix


@pytest.mark.parametrize(
    "given", ["a//b", "..", "a/../b", ".", "a b", "http://x", "a?b", "a#b", "(a", "ä", "%2f", "a\n"]
)
def test_what_is_no_path_is_refused(given: str) -> None:
    """In one message that names the option."""
    with pytest.raises(BadInputError, match="--url-prefix"):
        DashboardOptions(url_prefix=given)


@pytest.mark.parametrize("given", ["http://lab", "lab:80", "lab/x", "", "a b", "*"])
def test_what_is_no_name_is_refused(given: str) -> None:
    """A name that would never be asked by is a mistake."""
    with pytest.raises(BadInputError, match="--allow-host"):
        DashboardOptions(hosts=(given,))


@pytest.mark.parametrize(
    ("address", "is_loopback"),
    [("0.0.0.0", False),  # noqa: S104  # compared, and not bound
     ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), ("::", False),
     ("10.0.0.1", False), ("lab", False)],
)  # fmt: skip
def test_what_is_loopback(address: str, is_loopback: bool) -> None:
    """Only addresses of the loopback device: a name may point anywhere."""
    assert DashboardOptions(address=address, hosts=("localhost",)).is_loopback is is_loopback


def test_what_is_asked_by_other_names_is_not_on_loopback_alone() -> None:
    """A proxy passes on what others ask, who must not run programs here."""
    assert not DashboardOptions(hosts=("lab.example",)).is_loopback
    assert not DashboardOptions(hosts=("localhost", "fe80::1")).is_loopback


@pytest.mark.parametrize("given", [{"address": ""}, {"address": " "}, {"update_interval_s": float("nan")}])
def test_what_means_nothing_is_refused(given: dict[str, Any]) -> None:
    """An empty address would be all of the machine's, and a page would ask without a pause."""
    with pytest.raises(BadInputError, match=r"--address|--update-interval"):
        DashboardOptions(**given)
