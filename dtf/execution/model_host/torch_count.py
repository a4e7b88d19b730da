"""Counts what torch's operators run on."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dtf.execution.model_host.torch_import import import_torch


@dataclass(slots=True)
class Counted:
    """How many operators gave a result on each device, and in each floating type."""

    devices: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)


@contextmanager
def counting() -> Iterator[Counted]:
    """Count every operator that is dispatched while the block runs."""
    torch = import_torch()
    from torch.utils._python_dispatch import TorchDispatchMode  # noqa: PLC0415  # no dependency of dtf
    from torch.utils._pytree import tree_leaves  # noqa: PLC0415  # no dependency of dtf

    counted = Counted()

    class _Counting(TorchDispatchMode):  # type: ignore[misc]  # torch need not be installed
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401  # torch's signature
            result = func(*args, **(kwargs or {}))
            for one in tree_leaves(result):
                if torch.is_tensor(one):
                    counted.devices[str(one.device)] += 1
                    if one.is_floating_point() and not _moves(func):
                        counted.types[str(one.dtype).removeprefix("torch.")] += 1
            return result

    with _Counting():
        yield counted


def _moves(func: Any) -> bool:  # noqa: ANN401  # torch's
    """Whether an operator gives its input in another shape, type or place, and computes nothing."""
    if getattr(func, "is_view", False):
        return True
    name = str(func).split(".")[1] if "." in str(func) else str(func)
    return name in ("_to_copy", "clone", "copy_", "detach", "lift_fresh", "_reshape_copy")
