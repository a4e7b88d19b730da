"""What a placement says: whether the model ran where, and how, it was to run."""

from dtf.domain.errors import BadInputError
from dtf.execution.model_host.subject import Placement, RanElsewhereError

#: The element types that each precision may compute in, as onnxruntime and torch call them.
_TYPES = {
    "fp16": ("float16",),
    "bf16": ("bfloat16",),
    "int8": ("int8",),
}


def check_placement(placement: Placement, precision: str) -> None:
    """Find out whether the nodes were taken by the provider, and computed in the precision.

    Other nodes on the CPU are allowed, and told by their counts. A precision is held to be computed when at least
    half of the computing nodes are in it; of int8 one is enough, since only products are quantised. A model of which
    the runtime left no node (all of it folded to a constant) ran nowhere else.

    Raises:
        RanElsewhereError: The provider took no node.
        BadInputError: The precision was not computed in: some providers convert to float32 without a word.
    """
    if not placement.nodes:
        return
    took = placement.nodes.get(placement.wanted, 0)
    if not took:
        others = ", ".join(f"{name} {count}" for name, count in sorted(placement.nodes.items()))
        raise RanElsewhereError(f"{placement.wanted} took no node of the model ({others})")
    types = _TYPES.get(precision)
    if types is None:
        return
    right = sum(placement.types.get(name, 0) for name in types)
    total = sum(placement.types.values())
    needed = 1 if precision == "int8" else max(1, total / 2)
    if right < needed:
        seen = ", ".join(f"{count} in {name}" for name, count in sorted(placement.types.items())) or "none"
        raise BadInputError(
            f"unsupported: {placement.wanted} does not compute this model in {precision} "
            f"(computing nodes: {seen}); the figures would be another precision's"
        )
