"""The files that stand ahead of what is broken."""

import shlex
from typing import Final

from dtf.domain.failure import Intensity

#: So many uses of a mild one fail: the look that confirms it, and the job's first.
_SPENT_AFTER: Final = 2

_MODULE: Final = '''\
"""Stands ahead of a module of this name: dtf injects an api_error."""

import importlib
import inspect
import os
import sys

_DIRECTORY, _SPENT, _AFTER, _SEVERE, _MILD = {directory!r}, {spent!r}, {after}, {severe}, {mild}


def _is_spent():
    for number in range(_AFTER):
        try:
            os.makedirs(os.path.join(_SPENT, str(number)))
        except FileExistsError:
            continue
        return False
    return True


def injected_failure(*args, **kwargs):
    raise RuntimeError("{name}: an api_error was injected by dtf")


if _SEVERE:
    raise ModuleNotFoundError("No module named {name!r} (an api_error was injected by dtf)", name={name!r})
if _MILD and not _is_spent():
    raise ImportError("{name}: an api_error was injected by dtf", name={name!r})

_path = sys.path[:]
sys.path[:] = [place for place in _path if os.path.abspath(place or ".") != _DIRECTORY]
sys.path_importer_cache.pop(_DIRECTORY, None)
del sys.modules[__name__]
try:
    _real = importlib.import_module(__name__)
finally:
    sys.path[:] = _path
if not _MILD:
    for _key, _value in list(vars(_real).items()):
        if inspect.isroutine(_value) and not _key.startswith("_"):
            setattr(_real, _key, injected_failure)
sys.modules[__name__] = _real
'''

_COMMAND: Final = """\
#!/bin/sh
# Stands ahead of a program of this name: dtf injects an api_error.
{spend}
echo "{name}: {told} (an api_error was injected by dtf)" >&2
exit {status}
"""

_SPEND: Final = """\
mkdir -p {spent}
spent=yes
for number in {numbers}; do
  if mkdir {spent}/$number 2>/dev/null; then spent=no; break; fi
done
if [ "$spent" = yes ]; then exec {real} "$@"; fi
"""


def module_shim(name: str, intensity: Intensity, directory: str, spent: str) -> str:
    """The file that is imported in place of a module.

    Args:
        name: The module's.
        intensity: How bad.
        directory: Where the file lies.
        spent: A directory that counts the uses that failed.
    """
    return _MODULE.format(
        name=name,
        directory=directory,
        spent=spent,
        after=_SPENT_AFTER,
        severe=intensity is Intensity.SEVERE,
        mild=intensity is Intensity.MILD,
    )


def command_shim(name: str, real: str, intensity: Intensity, spent: str) -> str:
    """The file that is run in place of a program.

    Args:
        name: The program's.
        real: Where the real one is; empty: nowhere.
        intensity: How bad.
        spent: A directory that counts the uses that failed.
    """
    spend = ""
    if intensity is Intensity.MILD and real:
        numbers = " ".join(map(str, range(_SPENT_AFTER)))
        spend = _SPEND.format(spent=shlex.quote(spent), numbers=numbers, real=shlex.quote(real))
    is_severe = intensity is Intensity.SEVERE
    return _COMMAND.format(
        name=name, spend=spend, told="not found" if is_severe else "it failed", status=127 if is_severe else 1
    )
