"""Runs a compute shader whose answer is known."""

import math

from dtf.domain.outcome import Outcome
from dtf.domain.shard import Metric
from dtf.execution.browser_host.compute import TOLERANCE, compute_shader
from dtf.execution.browser_host.stage import Stage
from dtf.execution.host.messages import Order, Report


async def check_wgsl(stage: Stage, order: Order) -> Report:
    """Multiply matrices, which may differ by the tolerance, and scramble integers, which must be exact.

    Args:
        stage: Where it is run.
        order: Its arguments are those of ``BrowserWork``: ``tolerance`` (absolute) and ``seed``.
    """
    asked = order.arguments.get("tolerance")
    tolerance = TOLERANCE if asked is None else float(str(asked))
    computed = await compute_shader(stage.page, int(str(order.arguments.get("seed", 0))))
    if computed.fault:
        # what the shader is, is known: it is the device that refuses or loses it
        reason = f"the shader could not be run ({computed.fault}): {computed.reason}"
        return Report(number=order.number, outcome=Outcome.INFRA, reason=reason, healthy=False)
    wrong = computed.verdict(tolerance)
    # NaN among the results is no number that a database could keep
    error = (Metric(name="largest_error", value=computed.largest_error, unit=""),)
    return Report(
        number=order.number,
        outcome=Outcome.FAILED if wrong else Outcome.PASSED,
        reason=wrong,
        metrics=(
            *(error if math.isfinite(computed.largest_error) else ()),
            Metric(name="tolerance", value=tolerance, unit=""),
            Metric(name="elements", value=computed.elements, unit=""),
            Metric(name="wrong_integers", value=computed.wrong_words, unit=""),
            Metric(name="shader_s", value=computed.seconds, unit="s"),
        ),
    )
