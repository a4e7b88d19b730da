"""Starts the model host in an interpreter that need not have dtf installed.

The file is run by its path. Of dtf's own installation only the package ``dtf`` is made importable: the runtime and
numpy are to be those of the interpreter.
"""

import importlib.util
import runpy
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  # it is not dtf's own interpreter
    sys.exit(f"dtf's model host needs Python 3.11 or later, and {sys.executable} is {sys.version.split()[0]}")

_PACKAGE = Path(__file__).resolve().parents[2]


def _offer_dtf() -> None:
    """Make ``dtf`` importable from where this file lies, without anything that lies beside it."""
    spec = importlib.util.spec_from_file_location(
        "dtf", _PACKAGE / "__init__.py", submodule_search_locations=[str(_PACKAGE)]
    )
    if spec is None or spec.loader is None:
        sys.exit(f"dtf's package is not at {_PACKAGE}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["dtf"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != Path(__file__).resolve().parent]
    _offer_dtf()
    runpy.run_module("dtf.execution.model_host", run_name="__main__", alter_sys=True)
