"""Checks of this machine."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dtf import __version__
from dtf.bootstrap.ledger import make_state_dir
from dtf.cli.doctor.finding import Finding, ok, warn
from dtf.domain.clock import SystemClock
from dtf.execution.browser_host.assets import AssetsMissingError, onnxruntime_web
from dtf.execution.detect import detect_devices
from dtf.execution.probes.browser import installed
from dtf.settings import Settings, process_environment
from dtf.submission.interpreter import choose_python

_LITTLE_SPACE = 500 * 2**20
_MOST_SKEW_S = 2.0


def check_python(_: Settings) -> Finding:
    """The interpreter that dtf itself runs under."""
    return ok(f"Python {platform.python_version()}, dtf {__version__}, {sys.executable}")


def check_user(_: Settings) -> Finding:
    """Who runs it."""
    if os.geteuid() == 0:
        return warn("you are root, and so will the tests be", "run dtf as a user of its own where that matters")
    return ok(f"user {os.geteuid()}")


def check_state_dir(settings: Settings) -> Finding:
    """Whether the state directory can be written to, and its clock agrees with ours."""
    make_state_dir(settings)
    with tempfile.NamedTemporaryFile(dir=settings.state_dir) as file:
        file.write(b"x")
        file.flush()
        skew = abs(Path(file.name).stat().st_mtime - SystemClock().now())
    free = shutil.disk_usage(settings.state_dir).free
    text = f"{settings.state_dir} can be written to, {free // 2**20} MiB free"
    if skew > _MOST_SKEW_S:
        return warn(
            f"{text}; its clock differs by {skew:.0f} s", "is it on a network drive? name a local DTF_STATE_DIR"
        )
    if free < _LITTLE_SPACE:
        return warn(text, "make room, or name another DTF_STATE_DIR")
    return ok(text)


def check_git(_: Settings) -> Finding:
    """Whether git is there: labels and bundles use it."""
    program = shutil.which("git")
    if program is None:
        return warn("no git", "install it: runs get no revision labels, and bundles hold ignored files too")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    return ok(done.stdout.strip() or program)


def check_pytest(_: Settings) -> Finding:
    """Whether the interpreter that would run a suite from here has pytest."""
    here = Path.cwd()
    python = choose_python("", environ=process_environment(), cwd=here, workdir=here, root=here)
    command = [python, "-c", "import pytest, sys; print(pytest.__version__, sys.version.split()[0])"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        return warn(f"{python} has no pytest", f"{python} -m pip install pytest, or dtf run --python PROGRAM")
    version, own = done.stdout.split()[:2]
    return ok(f"pytest {version} under {python} (Python {own})")


def check_devices(settings: Settings) -> Finding:
    """What this machine has to run tests on."""
    environ = process_environment()
    devices = detect_devices(
        simulate=settings.simulate_devices,
        visible_cuda=environ.get("CUDA_VISIBLE_DEVICES"),
        visible_rocr=environ.get("ROCR_VISIBLE_DEVICES"),
        visible_hip=environ.get("HIP_VISIBLE_DEVICES"),
        cuda_device_order=environ.get("CUDA_DEVICE_ORDER"),
    )
    names = [f"{device.kind}: {device.name}{' (simulated)' if device.simulated else ''}" for device in devices]
    broken = [f"{device.kind} {device.name}: {device.reason}" for device in devices if device.reason]
    if broken:
        return warn("; ".join(broken), "see the vendor's own tool; dtf worker --detect-only shows what was probed")
    return ok("; ".join(names) or "no devices")


def check_browsers(settings: Settings) -> Finding:
    """Which browsers could be asked; none is started for it."""
    found = installed([word for word in settings.browsers.split(",") if word], settings.web_assets)
    names = ", ".join(f"{choice.browser} ({choice.executable})" for choice in found)
    if not found:
        return ok("no browser: webgpu and webnn cannot be served here")
    if importlib.util.find_spec("playwright") is None:
        return warn(f"{names}, and no Playwright to drive them", "pip install 'dtf[browser]', or ignore it")
    try:
        onnxruntime_web(settings.web_assets)
    except AssetsMissingError as error:
        return warn(f"{names}; {error}", "or ignore it: only models in browsers need it")
    return ok(f"{names}; dtf worker --detect-only asks them")
