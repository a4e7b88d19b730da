"""Which other hardware may take a job while the breakers of its own are open."""

from collections import Counter
from collections.abc import Iterable

from dtf.domain.errors import BadInputError
from dtf.domain.queue import base_tag, canonical_queue, split_queue
from dtf.domain.specs import GPU_TAGS, HARDWARE_TAGS
from dtf.domain.suggestion import did_you_mean
from dtf.domain.tasks.models import BROWSER_TAGS
from dtf.domain.work import BenchmarkWork, BrowserWork, Work

#: How many queues a job may fall back on.
MOST_FALLBACKS = 8


def check_fallback(texts: Iterable[str], *, hardware: str, work: Work) -> tuple[str, ...]:
    """The queues of a fallback as their canonical names.

    Args:
        texts: Hardware tags, the first choice ahead; in brackets what narrows one: ``cpu[memory_gb>=16]``.
        hardware: The tag that is asked for.
        work: What is to be done there.

    Raises:
        BadInputError: Some cannot be used; the message has a line for each.
    """
    queues = [canonical_queue(text) for text in texts]
    counts = Counter(queues)
    problems = [problem for queue in counts if (problem := _problem(queue, hardware, work))]
    problems += [f"{queue[:80]} is named {n} times; once is enough" for queue, n in counts.items() if queue and n > 1]
    if len(queues) > MOST_FALLBACKS:
        problems.append(f"names {len(queues)} queues; at most {MOST_FALLBACKS} are allowed")
    if problems:
        raise BadInputError("\n".join(problems))
    return tuple(queues)


def _problem(queue: str, hardware: str, work: Work) -> str:
    tag = base_tag(queue)
    if not tag.strip():
        return f"a name is empty; name hardware, such as {HARDWARE_TAGS[0]}, with commas between"
    if tag not in HARDWARE_TAGS:
        return f"unknown hardware {tag[:80]!r}{did_you_mean(tag, HARDWARE_TAGS)}; known: {', '.join(HARDWARE_TAGS)}"
    try:
        split_queue(queue)
    except BadInputError as error:
        return str(error)
    if tag == hardware:
        return f"{tag} is what is asked for already; a fallback is other hardware"
    if {tag, hardware} in ({"gpu", other} for other in GPU_TAGS):
        return f"gpu means {' or '.join(GPU_TAGS)} already; {tag} is no other hardware than {hardware}"
    if isinstance(work, BrowserWork) and tag not in BROWSER_TAGS:
        return f"a browser task runs on {' or '.join(BROWSER_TAGS)}, where the browsers are, not on {tag}"
    if isinstance(work, BenchmarkWork) and tag in BROWSER_TAGS:
        return f"a benchmark does not run on {tag}: only a browser reaches that"
    return ""
