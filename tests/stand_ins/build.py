"""Compiles the stand-ins."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
#: Under which name the real one is loaded.
NAMES = {"libcuda": "libcuda.so.1", "libnvidia_ml": "libnvidia-ml.so.1", "libamdhip64": "libamdhip64.so.6"}


def build(directory: Path, *sources: str, flags: Sequence[str] = ()) -> Path:
    """Compile stand-ins into a directory, for ``LD_LIBRARY_PATH``; skip where there is no compiler, but in CI fail."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        reason = "the stand-ins for drivers need a C compiler (gcc)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    directory.mkdir(parents=True, exist_ok=True)
    for source in sources:
        target = directory / NAMES[source]
        command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", *flags, "-o", str(target)]
        subprocess.run([*command, str(_HERE / f"{source}.c")], check=True, timeout=60)
    return directory
