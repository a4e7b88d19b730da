"""How often jobs met failures on purpose."""

from collections.abc import Mapping, Sequence

#: What is counted of each failure, and by which member of what the ledger tells of it: how often it was met, was
#: confirmed, was told to a breaker, or was refused.
COUNTED: Mapping[str, str] = {
    "met": "injection",
    "confirmed": "confirmed",
    "recorded": "recorded",
    "refused": "refused",
}


def injection_counts(told: Sequence[Mapping[str, object]]) -> dict[str, dict[str, int]]:
    """The counts by failure (``gpu_error severe``), by name; what was refused goes by its failure too.

    Args:
        told: What the ledger tells of each (``Injections.told``).
    """
    found: dict[str, dict[str, int]] = {}
    for one in told:
        name = str(one["injection"] or str(one["refused"]).partition(":")[0])
        counts = found.setdefault(name, dict.fromkeys(COUNTED, 0))
        for counted, member in COUNTED.items():
            counts[counted] += bool(one[member])
    return dict(sorted(found.items()))
