import json
import subprocess
import sys

import pytest

_LOADED = "import json, sys; print(json.dumps(sorted(sys.modules)))"

#: What a worker of somebody else's application is not to load.
_HEAVY = (
    "river",
    "sqlalchemy",
    "scipy",
    "dtf.celery",
    "dtf.storage",
    "dtf.coordination",
    "dtf.execution",
    "dtf.learning",
)


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        ("import dtf.breakers", ("celery", "redis", "kombu")),
        ("from dtf.breakers import CircuitOpenError", ("celery", "redis", "kombu")),
        (
            "from dtf.breakers import Breakers, BreakerConfig; from dtf.breakers.stores import open_store",
            ("celery", "redis"),
        ),
        ("from dtf.breakers import CircuitBreakerTask", ()),
    ],
)
def test_breakers_load_neither_river_nor_the_application(statement: str, more: tuple[str, ...]) -> None:
    """A fresh interpreter that imports them has loaded none of what is heavy."""
    argv = (sys.executable, "-c", f"{statement}; {_LOADED}")
    loaded = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    heavy = {*_HEAVY, *more}
    found = [name for name in loaded if any(name == one or name.startswith(f"{one}.") for one in heavy)]
    assert not found


def test_the_scripts_are_a_part_of_the_package() -> None:
    """They are found as an installed package finds them."""
    from dtf.breakers.scripts import script

    for name in ("gate", "result", "raise", "mode"):
        assert "struct.unpack" in script(name).source
    assert "redis.call" in script("give_back", alone=True).source
