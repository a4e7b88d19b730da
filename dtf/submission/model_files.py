"""The files that a benchmark or a browser task is about: they are part of its source."""

from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork
from dtf.execution.models.builtin import BUILTIN_MODELS

#: What ends so names a file; other names are a built-in's, or a hub's.
MODEL_SUFFIXES = (".onnx", ".ort", ".pt", ".pth", ".pt2", ".torchscript", ".safetensors")


def check_model_files(work: BenchmarkWork | BrowserWork, directory: Path, root: Path) -> None:
    """See that the model, page or script that a task names is there, and travels with its source.

    Args:
        work: The task's work.
        directory: Its working directory.
        root: What is used in place or travels.

    Raises:
        BadInputError: It is not there, or lies outside of the root.
    """
    if isinstance(work, BenchmarkWork):
        if names_file(work.model, directory):
            _check(work.model, directory, root)
    elif work.check is BrowserCheck.MODEL:
        if work.target not in BUILTIN_MODELS:  # no hub is asked for a browser
            _check(work.target, directory, root, instead=f" and no such built-in ({', '.join(BUILTIN_MODELS)})")
    elif work.check is BrowserCheck.PAGE:
        _check(work.target, directory, root, folder=True)
    elif work.check is BrowserCheck.SCRIPT:
        _check(work.target, directory, root)


def names_file(model: str, directory: Path) -> bool:
    """Whether a model's name is a file's: it looks like one, or there is one, or a directory, which is no model."""
    if model in BUILTIN_MODELS:
        return False
    if model.startswith(("/", "./", "../")) or model.lower().endswith(MODEL_SUFFIXES):
        return True
    try:
        return (directory / model).exists()
    except (OSError, ValueError):  # too long for a path, a NUL
        return False


def _check(name: str, directory: Path, root: Path, *, folder: bool = False, instead: str = "") -> None:
    shown = one_line(name, 200)
    try:
        path = (directory / name).resolve()
        fits = path.is_file() or (folder and path.is_dir())
        there = path.exists()
    except (OSError, ValueError) as error:
        raise BadInputError(f"{shown!r}: {getattr(error, 'strerror', None) or error}") from error
    if not fits:
        raise BadInputError(f"{shown!r}: {'not a file' if there else f'there is no such file{instead}'}")
    if not name.startswith("/") and not path.is_relative_to(root.resolve()):
        raise BadInputError(f"{shown!r} lies outside of {root}, which is all that a worker gets")
