"""Computations in a page whose answers are checked here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dtf.execution.browser_host.arithmetic import SIZE, encoded, largest_error, numbers, wrong_words
from dtf.execution.browser_host.javascript import script

if TYPE_CHECKING:
    from playwright.async_api import Page

#: The largest error of a sum of 64 products between -1 and 1 in single precision that is taken for right: the worst
#: case is 64 roundings of a sum below 64, each of at most 2**-19.
TOLERANCE = 1.25e-4
#: WebNN may compute in half precision or in TF32 where the hardware does; right is what is near enough for that.
GRAPH_TOLERANCE = 5e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What came of a computation.

    Attributes:
        fault: Why nothing came: ``adapter``, ``missing``, ``lost``, ``validation``, ``out-of-memory``; empty otherwise.
        reason: The browser's words for it.
        largest_error: Of the floats, absolute.
        wrong_words: How many integers differ.
        elements: How many numbers were checked.
        seconds: From the submission to the last byte of the result.
    """

    fault: str = ""
    reason: str = ""
    largest_error: float = 0.0
    wrong_words: int = 0
    elements: int = 0
    seconds: float = 0.0

    def verdict(self, tolerance: float) -> str:
        """What is wrong with it, for people; empty when nothing is."""
        if self.fault:
            return self.reason
        if self.wrong_words:
            return f"{self.wrong_words} integers are wrong, which must be exact"
        if not self.largest_error <= tolerance:
            return f"the largest error {self.largest_error:.3g} exceeds the tolerance {tolerance:.3g}"
        return ""


async def compute_shader(page: "Page", seed: int) -> Computed:
    """Have a page multiply matrices and scramble words on the GPU; the caller bounds the time."""
    given = numbers(seed)
    order = {
        "size": SIZE,
        "left": encoded(given.left),
        "right": encoded(given.right),
        "words": encoded(given.words),
        "code": script("compute.wgsl"),
    }
    told = await page.evaluate(script("compute.js"), order)
    if "fault" in told:
        return Computed(fault=told["fault"], reason=told["reason"])
    return Computed(
        largest_error=largest_error(told["floats"], given.product),
        wrong_words=wrong_words(told["integers"], given.scrambled),
        elements=len(given.product) + len(given.scrambled),
        seconds=told["seconds"],
    )


async def compute_graph(page: "Page", seed: int) -> Computed:
    """Have a page compute a small graph with WebNN; the caller bounds the time."""
    given = numbers(seed)
    order = {"size": SIZE, "left": encoded(given.left), "right": encoded(given.right), "bias": encoded(given.bias)}
    told = await page.evaluate(script("graph.js"), order)
    if "fault" in told:
        return Computed(fault=told["fault"], reason=told["reason"])
    worst = largest_error(told["floats"], given.sum)
    return Computed(largest_error=worst, elements=len(given.sum), seconds=told["seconds"])
