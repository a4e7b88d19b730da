"""Puts what comes from npm into a wheel: what browser models load, and what the dashboard draws with.

A wheel that is built before ``make browsers`` has no browser models, one built before ``make run`` no charts.
"""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What browser models load, of the dozens of files in the package.
NEEDED = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)


class WebAssetsHook(BuildHookInterface[Any]):  # type: ignore[misc]  # hatchling is no dependency of ours
    """Adds the files to a wheel; an editable install finds them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds."""
        packages = Path(self.root) / "web" / "node_modules"
        if version == "editable":
            return
        wanted = build_data["force_include"]
        if (packages / "onnxruntime-web").is_dir():
            inside = "dtf/execution/browser_host/_assets/onnxruntime-web"
            wanted |= {str(packages / "onnxruntime-web" / "dist" / name): f"{inside}/{name}" for name in NEEDED}
            wanted[str(packages / "onnxruntime-web" / "package.json")] = f"{inside}/package.json"
        vendored = runpy.run_path(str(Path(self.root) / "dtf" / "dashboard" / "vendored.py"))
        for package, path in {*vendored["FILES"].values(), *vendored["NOTICES"].values()}:
            if (packages / package).is_dir():
                wanted[str(packages / package / path)] = f"dtf/dashboard/_assets/{package}/{path}"
