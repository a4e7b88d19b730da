"""Starts a browser."""

from typing import TYPE_CHECKING

from dtf.execution.browser_host.choice import BrowserChoice, Family

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

#: How long a browser may take to come up, in seconds.
LAUNCH_S = 45.0

#: WebGPU needs the first, on Linux; nothing here forces a software adapter on a machine that has a real one.
_CHROMIUM_FLAGS = (
    "--enable-unsafe-webgpu",
    # the last --enable-features counts: the second word is Playwright's own
    "--enable-features=WebMachineLearningNeuralNetwork,CDPScreenshotNewSurface",
    # a GPU process that crashes is to be seen, not to be kept from ever starting again
    "--disable-gpu-process-crash-limit",
    "--disable-domain-blocking-for-3d-apis",
    # nothing is to leave the machine
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)

_FIREFOX_PREFERENCES: dict[str, str | float | bool] = {
    "dom.webgpu.enabled": True,
    "gfx.webgpu.ignore-blocklist": True,
    # nothing is to leave the machine
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
}


def launch_options(choice: BrowserChoice) -> tuple[str, ...]:
    """What a browser of this choice is started with; with other options it may turn out to have something else."""
    if choice.family is Family.FIREFOX:
        return tuple(f"{name}={value}" for name, value in _FIREFOX_PREFERENCES.items())
    return _CHROMIUM_FLAGS


async def launch(playwright: "Playwright", choice: BrowserChoice, *, debug_port: bool = False) -> "Browser":
    """Start a browser without a window.

    Playwright starts Chromium without its sandbox, which root could not use anyway.

    Args:
        playwright: The driver.
        choice: Which.
        debug_port: Whether it also listens on a free port of loopback for other programs (Chromium only). Whoever may
            connect to that port can read what this user can: it is opened only where somebody needs it.
    """
    if choice.family is Family.FIREFOX:
        return await playwright.firefox.launch(
            channel=choice.channel or None,
            executable_path=choice.executable,
            firefox_user_prefs=_FIREFOX_PREFERENCES,
            timeout=LAUNCH_S * 1000,
        )
    return await playwright.chromium.launch(
        channel=choice.channel or None,
        executable_path=choice.executable,
        args=[*_CHROMIUM_FLAGS, *(("--remote-debugging-port=0",) if debug_port else ())],
        timeout=LAUNCH_S * 1000,
    )
