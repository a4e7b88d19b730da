"""What is missing for a queue that nobody can serve, with what there is instead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dtf.domain.errors import BadInputError
from dtf.domain.match import Facts, facts_of, satisfies, slots_for, table_of
from dtf.domain.queue import split_queue
from dtf.domain.requirement import DEVICES, Comparison, Requirement, device_count
from dtf.domain.specs import GPU_TAGS
from dtf.domain.suggestion import did_you_mean
from dtf.domain.worker import Device, DeviceState, WorkerInfo

#: How many of one sort a sentence names.
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """What a worker could run something on."""

    worker: WorkerInfo
    device: Device | None
    facts: Facts

    @property
    def place(self) -> str:
        """Which one it is."""
        return self.worker.name if self.device is None else f"{self.worker.name}, {self.device.uuid}"

    def lacks(self, requirements: Sequence[Requirement]) -> list[Requirement]:
        """Those that it does not fulfil."""
        return [one for one in requirements if not satisfies(one, self.facts, self.worker.tags)]


def shortfall(queue: str, workers: Sequence[WorkerInfo]) -> str:
    """Say why none of the workers can run what waits in a queue.

    Args:
        queue: The queue.
        workers: Those that take shards of its tag.

    Returns:
        A part of a sentence that begins small and has no full stop.
    """
    try:
        tag, requirements = split_queue(queue)
    except BadInputError as error:
        return str(error)
    asked = [requirement for requirement in requirements if requirement.name != DEVICES]
    candidates = list(_candidates(workers, tag))
    if not candidates:
        return _unusable(tag, workers)
    for requirement in asked:
        if all(candidate.lacks([requirement]) for candidate in candidates):
            return f"no worker satisfies {requirement.text}: {_instead(requirement, tag, candidates)}"
    if all(candidate.lacks(asked) for candidate in candidates):
        texts = " and ".join(requirement.text for requirement in asked)
        lacking = [
            f"{candidate.place} lacks {', '.join(one.text for one in candidate.lacks(asked))}"
            for candidate in candidates
        ]
        return f"no worker satisfies {texts} on one device: {_some(lacking, '; ')}"
    return _too_few(queue, tag, device_count(requirements), workers)


def _candidates(workers: Sequence[WorkerInfo], tag: str) -> Iterator[_Candidate]:
    """Each device once, with the facts of the first slot that has it."""
    seen: set[str] = set()
    for worker in workers:
        for slot in table_of(worker):
            if tag not in slot.tags:
                continue
            own = [device for device in worker.devices if device.uuid in slot.devices and _is_of(device, tag)]
            found: Sequence[Device | None] = own or [None]
            for device in found:
                name = worker.worker_id if device is None else device.uuid
                usable = device is None or device.state is DeviceState.AVAILABLE
                if usable and name not in seen:
                    seen.add(name)
                    yield _Candidate(worker=worker, device=device, facts=facts_of(worker, device, slot.memory_bytes))


def _unusable(tag: str, workers: Sequence[WorkerInfo]) -> str:
    failed = [
        f"{device.name} {device.state}" + (f" ({device.reason})" if device.reason else "")
        for worker in workers
        for device in worker.devices
        if _is_of(device, tag) and device.state is not DeviceState.AVAILABLE
    ]
    found = f": {_some(failed)}" if failed else ""
    return f"no worker has a {tag} device that can be used{found}"


def _instead(requirement: Requirement, tag: str, candidates: Sequence[_Candidate]) -> str:
    """What there is in place of what is required."""
    if requirement.comparison is Comparison.HAS and not any(requirement.name in one.facts for one in candidates):
        tags = {one.worker.name: ", ".join(one.worker.tags) or "none" for one in candidates}
        known = {word.lower() for one in candidates for word in one.worker.tags} | _yes_or_no(candidates)
        told = [f"{words} ({name})" for name, words in tags.items()]
        return f"the tags here are {_some(told)}{did_you_mean(requirement.name, sorted(known))}"
    values: dict[str, list[str]] = {}
    for one in candidates:
        if requirement.name in one.facts:
            values.setdefault(_shown(one.facts[requirement.name]), []).append(one.place)
    if values:
        return f"{tag} devices here have {_some([_at(value, places) for value, places in values.items()])}"
    known = {name for one in candidates for name in one.facts}
    places = _some([one.place for one in candidates], "; ")
    return (
        f"no {tag} device here tells its {requirement.name}{did_you_mean(requirement.name, sorted(known))} ({places})"
    )


def _too_few(queue: str, tag: str, needed: int, workers: Sequence[WorkerInfo]) -> str:
    counts = {worker.name: len({slot.devices for slot in slots_for(worker, queue)}) for worker in workers}
    told = [f"{count} ({name})" for name, count in counts.items() if count]
    return f"no worker has {needed} {tag} devices for one job: those that would do here are {_some(told)}"


def _yes_or_no(candidates: Sequence[_Candidate]) -> set[str]:
    return {name for one in candidates for name, value in one.facts.items() if isinstance(value, bool)}


def _at(value: str, places: Sequence[str]) -> str:
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"{value} ({places[0]}{more})"


def _shown(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.4g}"


def _some(words: Sequence[str], separator: str = ", ") -> str:
    rest = f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else ""
    return separator.join(words[:_MOST_NAMED]) + rest


def _is_of(device: Device, tag: str) -> bool:
    return device.kind in GPU_TAGS if tag == "gpu" else device.kind == tag
