import json
import zlib

from dtf.domain.manifest import ManifestItem
from dtf.storage.ledger.manifests import _pack, _unpack


def test_what_tests_require_is_stored_with_them() -> None:
    """Items come back as they were, strange node ids and requirements included."""
    items = (
        ManifestItem(nodeid="a.py::test\0\udc80", module="a.py", group="g"),
        ManifestItem(nodeid="a.py::test_b", module="a.py", requires=("browser=firefox", "webnn")),
    )
    assert _unpack(_pack(items)) == items


def test_manifests_of_before_are_read() -> None:
    """Those that were stored before there were requirements have three fields."""
    old = zlib.compress(json.dumps([["a.py::test_a", "a.py", "g"]]).encode())
    assert _unpack(old) == (ManifestItem(nodeid="a.py::test_a", module="a.py", group="g"),)
