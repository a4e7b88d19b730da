"""A page in the browser that dtf keeps for the slot. Everything that is asked of it has a time limit."""

import asyncio
import functools
import http.server
import threading
from pathlib import Path

from playwright.async_api import Error, async_playwright

#: Seconds for what is asked of the page, and for a new page until it is ready.
ANSWER_S, READY_S = 300, 120

HERE = Path(__file__).resolve().parent


class PageLostError(Exception):
    """The page crashed or did not answer; the next call opens another one."""


class PageError(Exception):
    """What the page's own code threw."""


class BrowserPage:
    """One page, replaced when it is lost.

    Playwright runs on a loop of its own in a thread: its calls have no time limit where the page's code never ends.

    Args:
        endpoint: Gives where the browser listens (``DTF_DEVICE_ENDPOINT``): between two shards dtf may put another
            browser in its place.
        assets: The directory of onnxruntime-web's files.
    """

    def __init__(self, endpoint, assets):
        self.endpoint = endpoint
        self.connected_to = ""
        self.server = serve(assets)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.playwright = self.browser = self.context = self.page = None

    def call(self, function, argument):
        """What ``window.conformance[function](argument)`` gives."""
        if self.page is not None and self.endpoint() != self.connected_to:
            self.drop()
        if self.page is None:
            self.wait(self.open(), READY_S)
        try:
            return self.wait(self.page.evaluate(f"argument => conformance.{function}(argument)", argument), ANSWER_S)
        except PageLostError:
            self.drop()
            raise

    def drop(self):
        """Give the page up, with its renderer."""
        context, self.context, self.page = self.context, None, None
        if context is not None:
            try:
                self.wait(context.close(), 10)
            except (PageLostError, PageError) as error:
                print(f"the page could not be closed: {error}")

    def close(self):
        """End everything but the browser, which is not ours."""
        self.drop()
        if self.playwright is not None:
            self.wait(self.playwright.stop(), 10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
        self.server.shutdown()
        self.server.server_close()

    async def open(self):
        if self.playwright is None:
            self.playwright = await async_playwright().start()
        endpoint = self.endpoint()
        if self.browser is None or not self.browser.is_connected() or endpoint != self.connected_to:
            self.browser = await self.playwright.chromium.connect_over_cdp(endpoint)
            self.connected_to = endpoint
        self.context = await self.browser.new_context()
        page = await self.context.new_page()
        await page.goto(f"http://127.0.0.1:{self.server.server_port}/")
        await page.wait_for_function("window.conformance")
        self.page = page

    def wait(self, work, limit_s):
        """The result of a coroutine of Playwright's, in time."""
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, limit_s), self.loop)
        try:
            return future.result()
        except TimeoutError as error:
            raise PageLostError(f"the page did not answer within {limit_s} s") from error
        except Error as error:
            if self.page is None or "crashed" in error.message or "closed" in error.message:
                raise PageLostError(error.message) from error
            # the first line is the message, the others are where in the page it was thrown
            raise PageError(error.message.removeprefix("Page.evaluate: ").split("\n")[0]) from error


def serve(assets):
    """Serve the page, and onnxruntime-web's files below ``/ort/``, on a free port of the loopback interface."""
    handler = functools.partial(Handler, directory=str(assets))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Handler(http.server.SimpleHTTPRequestHandler):
    """The files by the beginning of their path."""

    def guess_type(self, path):
        return {".mjs": "text/javascript", ".wasm": "application/wasm"}.get(Path(path).suffix, "text/html")

    def translate_path(self, path):
        if path.startswith("/ort/"):
            return super().translate_path(path.removeprefix("/ort"))
        return str(HERE / ("page.mjs" if path == "/page.mjs" else "page.html"))

    def log_message(self, *args):
        """Leave each request out of the test's output."""
