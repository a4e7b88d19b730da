"""Puts onnxruntime-web into a wheel that is built after ``make browsers``; one built before has no browser models."""

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
        package = Path(self.root) / "web" / "node_modules" / "onnxruntime-web"
        if version == "editable" or not package.is_dir():
            return
        inside = "dtf/execution/browser_host/_assets/onnxruntime-web"
        for name in NEEDED:
            build_data["force_include"][str(package / "dist" / name)] = f"{inside}/{name}"
        build_data["force_include"][str(package / "package.json")] = f"{inside}/package.json"
