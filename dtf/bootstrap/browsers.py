"""Tells which browsers are asked, and where what they said is remembered."""

from dtf import __version__
from dtf.execution.detect import host_fingerprint
from dtf.execution.probes.browser_cache import BrowserCache
from dtf.execution.probes.browser_search import BrowserSearch
from dtf.settings import Settings, process_environment

#: How variables begin that decide which adapter a browser gives.
_STEERING = (
    "CHROME_", "CHROMIUM_", "CUDA_", "DISPLAY", "DRI_", "EGL_", "GALLIUM_", "HIP_", "LD_", "LIBGL_", "LP_", "MESA_",
    "MOZ_", "NVIDIA_", "PLAYWRIGHT_", "ROCR_", "VK_", "WAYLAND_", "__EGL", "__GLX", "__NV",
)  # fmt: skip


def browser_search(settings: Settings) -> BrowserSearch:
    """Every browser, remembered in the state directory."""
    steering = (f"{name}={value}" for name, value in process_environment().items() if name.startswith(_STEERING))
    return BrowserSearch(
        named=tuple(word for word in settings.browsers.split(",") if word),
        web_assets=settings.web_assets,
        cache=BrowserCache(
            settings.state_dir / "worker" / "browsers.json",
            surroundings=(__version__, host_fingerprint(), *sorted(steering)),
        ),
    )
