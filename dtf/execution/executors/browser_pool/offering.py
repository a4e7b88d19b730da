"""Lets suites and commands use the browser of their slot."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from dtf.domain import proof
from dtf.domain.ports import offer as words
from dtf.domain.ports.executor import SlotContext
from dtf.domain.ports.offer import Offer
from dtf.execution.browser_host.choice import BrowserChoice, Family
from dtf.execution.executors.browser_pool.opened import BrowserUnavailableError, Opened
from dtf.execution.executors.browser_pool.pool import BrowserPool
from dtf.execution.executors.browser_pool.slot_browser import SlotBrowser
from dtf.execution.executors.browser_pool.wish import Wish, chosen_browser, device_words, host_environment
from dtf.execution.host.lost import HostLostError
from dtf.execution.host.messages import Order

#: How long the host may take to say what it saw, in seconds.
_SEEN_S = 10.0


@asynccontextmanager
async def offered(
    pool: BrowserPool, job_id: str, context: SlotContext, environment: Mapping[str, str]
) -> AsyncIterator[Offer]:
    """The browser of a slot, for other programs that run there while the block does.

    Firefox takes no connections over the Chrome DevTools Protocol: its name and program are all that is offered.

    Raises:
        BrowserUnavailableError: None is installed, or it does not come up.
    """
    choice = await asyncio.to_thread(chosen_browser, context.devices)
    if choice is None:
        raise BrowserUnavailableError("no browser is installed on this worker")
    if choice.family is not Family.CHROMIUM:
        told = {"browser": choice.browser, **device_words(choice, context.devices)}
        yield Offer(environment=_named(choice), proof=told)
        return
    browser = pool.of(context.slot)
    wish = Wish(choice=choice, debug_port=True, environment=host_environment(environment))
    opened = await browser.open(
        wish, context.spawner, cancelled=context.cancelled, keep=pool.holders.get(context.slot) == job_id
    )
    pool.holders[context.slot] = job_id
    try:
        offer = _offer(choice, opened, device_words(choice, context.devices))
        yield offer
        offer.proof.update(await _seen(browser, offer, choice))
    finally:
        browser.leave()


def _offer(choice: BrowserChoice, opened: Opened, device: Mapping[str, str]) -> Offer:
    environment = {**_named(choice), words.ENDPOINT: opened.endpoint}
    told = {
        **device,
        "browser": choice.browser,
        "browser_version": opened.version,
        "browser_launched": "yes" if opened.launched else "no",
    }
    if opened.adapter.get("available"):
        told["adapter"] = _title(opened.adapter)
    if opened.adapter.get("software"):
        environment[words.SOFTWARE] = "1"
        told[proof.SOFTWARE] = proof.YES
    return Offer(environment=environment, proof=told)


def _named(choice: BrowserChoice) -> dict[str, str]:
    named = {words.BROWSER: choice.browser, words.EXECUTABLE: choice.executable}
    return {**named, words.CHANNEL: choice.channel} if choice.channel else named


def _title(adapter: Mapping[str, Any]) -> str:
    return " ".join(str(adapter[name]) for name in ("vendor", "architecture", "description") if adapter.get(name))


async def _seen(browser: SlotBrowser, offer: Offer, choice: BrowserChoice) -> dict[str, str]:
    """What the browser saw of the programs, as words of the proof."""
    try:
        report = await browser.tell(Order(number=0, do="seen", time_limit_s=_SEEN_S))
    except (HostLostError, BrowserUnavailableError) as error:
        return {"browser_died": f"the browser did not outlive the attempt: {error}"}
    if not report.data.get("connected"):
        return {"browser_died": "the browser ended while the attempt ran"}
    pages = int(str(report.data.get("pages", 0)))
    if not pages:
        return {}
    given = f", whose adapter is {offer.proof['adapter']}" if offer.proof.get("adapter") else ""
    opened = "1 page was opened" if pages == 1 else f"{pages} pages were opened"
    return {proof.EVIDENCE: f"{opened} in the slot's {choice.browser}{given}"}
