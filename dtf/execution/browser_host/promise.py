"""Whether a page was given what its job was promised."""

from dtf.domain.outcome import Outcome
from dtf.domain.proof import ELSEWHERE, EVIDENCE, RAN_ELSEWHERE, SOFTWARE, YES
from dtf.execution.browser_host.adapter import Adapter
from dtf.execution.host.messages import Order, Report


def broken_promise(adapter: Adapter, order: Order) -> Report | None:
    """The answer to an order for WebGPU where the page gets no adapter, or software in place of hardware.

    Args:
        adapter: What the page was given.
        order: ``hardware`` is the tag; ``software`` is False where the worker found hardware in that browser.

    Returns:
        None where it may run.
    """
    if not _wants_adapter(order):
        return None
    reason = ""
    if not adapter.available:
        reason = f"the page was given no WebGPU adapter: {adapter.reason}"
    elif order.arguments.get("software") is False and adapter.software:
        reason = f"the page was given {adapter.title}, which is software, in place of the hardware"
    if not reason:
        return None
    return Report(
        number=order.number,
        outcome=Outcome.INFRA,
        reason=f"{RAN_ELSEWHERE}: {reason}",
        proof={ELSEWHERE: reason},
    )


def adapter_words(adapter: Adapter, order: Order) -> dict[str, str]:
    """The words of a proof about the adapter, where the order needs one."""
    if not (_wants_adapter(order) and adapter.available):
        return {}
    words = {"adapter": adapter.title, EVIDENCE: f"the page was given the adapter {adapter.title}"}
    return {**words, SOFTWARE: YES} if adapter.software else words


def _wants_adapter(order: Order) -> bool:
    return order.arguments.get("hardware") == "webgpu" and order.arguments.get("provider", "webgpu") == "webgpu"
