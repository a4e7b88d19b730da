"""The names of queues: a hardware tag, and in brackets what narrows it."""

from collections.abc import Iterable

from dtf.domain.errors import BadInputError
from dtf.domain.requirement import Requirement, normalise_requirements, parse_requirement

_SEPARATOR = ";"


def queue_name(hardware: str, requirements: Iterable[str] = ()) -> str:
    """The queue that carries the shards of a tag: ``cuda``, or ``cuda[devices=2;vram_gb>=24]``.

    Raises:
        BadInputError: A requirement cannot be read.
    """
    texts = normalise_requirements(requirements)
    return f"{hardware}[{_SEPARATOR.join(texts)}]" if texts else hardware


def base_tag(queue: str) -> str:
    """The hardware tag of a queue."""
    return queue.partition("[")[0]


def split_queue(queue: str) -> tuple[str, tuple[Requirement, ...]]:
    """The hardware tag and the requirements of a queue's name.

    Raises:
        BadInputError: It is no name that ``queue_name`` makes.
    """
    tag, bracket, rest = queue.partition("[")
    if not bracket:
        return tag, ()
    if not rest.endswith("]"):
        raise BadInputError(f"queue {queue[:80]!r} is no name of a queue")
    return tag, tuple(parse_requirement(text) for text in rest[:-1].split(_SEPARATOR))


def canonical_queue(queue: str) -> str:
    """A queue's name as ``queue_name`` writes it, however a person did; what cannot be read stays as it is."""
    try:
        tag, bracket, rest = queue.partition("[")
        tag, requirements = split_queue(tag.strip() + bracket + "".join(rest.split()))
        return queue_name(tag, (requirement.text for requirement in requirements))
    except BadInputError:
        return queue
