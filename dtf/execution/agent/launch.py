"""The script that the suite's interpreter is started with: ``python launch.py FD``."""

import importlib
import importlib.util
import os
import sys

#: The name under which the agent is loaded: the suite cannot have a module of this name by accident.
PACKAGE = "_dtf_session_agent"


def load() -> None:
    """Load the agent's package under its private name, and take its directory out of ``sys.path``.

    With the directory left there, the agent's files would hide the suite's modules of the same names.
    """
    here = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120  # before anything of the suite is imported
    if sys.path and os.path.realpath(sys.path[0]) == here:
        del sys.path[0]
    spec = importlib.util.spec_from_file_location(
        PACKAGE,
        os.path.join(here, "__init__.py"),  # noqa: PTH118
        submodule_search_locations=[here],
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"the agent's files are missing in {here}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":  # a test that spawns processes makes multiprocessing import this file again
    load()
    sys.exit(importlib.import_module(PACKAGE + ".main").main(int(sys.argv[1])))
