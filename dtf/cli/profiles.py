"""What a worker is to be like: a named profile, or a file."""

from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.suggestion import did_you_mean
from dtf.execution.profile import WorkerProfile, load_profile

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

#: The earlier framework's profiles; the queue stays what the devices say.
_NAMED = {
    # one at a time, so that nothing disturbs a measurement
    "benchmark": WorkerProfile(name="benchmark", queue="cpu", concurrency=1),
    # as many slots as the worker finds fit
    "test": WorkerProfile(name="test", queue="cpu"),
    # one slot that leaves the machine to others
    "light": WorkerProfile(name="light", queue="cpu", concurrency=1, environment=_ONE_THREAD),
}


def is_named(word: str) -> bool:
    """Whether the word is a profile's name; anything else is a file."""
    return word in _NAMED


def find_profile(word: str) -> WorkerProfile:
    """A profile by its name or file.

    Raises:
        BadInputError: There is no such profile, or its file cannot be used.
    """
    if word in _NAMED:
        return _NAMED[word]
    path = Path(word)
    if "/" not in word and not word.endswith(".toml") and not path.exists():
        raise BadInputError(
            f"there is no profile {word[:100]!r}{did_you_mean(word, _NAMED)}: "
            f"give {', '.join(_NAMED)} or the path of a TOML file"
        )
    return load_profile(path)
