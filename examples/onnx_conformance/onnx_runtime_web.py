"""onnxruntime-web's WebGPU provider in a real browser as a backend of the suite."""

import base64
import json
import os
import re
import unittest
from pathlib import Path

import numpy as np
from browser_page import BrowserPage, PageError
from evidence import evidence
from onnx.backend.base import Backend, BackendRep
from onnx_runtime_cpu import what_is_missing

#: Where `make browsers` puts onnxruntime-web's files; ONNXRUNTIME_WEB_DIST names another directory.
ASSETS = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "onnxruntime-web" / "dist"

WEBGPU = "WebGpuExecutionProvider"

#: The runtime's words in the browser for what it does not have.
NOT_IMPLEMENTED = {
    "onnxruntime-web has no": "type missing",
    "ERROR_CODE: 9": "operator or type missing",
    "Provider type for": "operator or type missing",  # no provider took the node
    "but the device does not support it": "feature of the adapter missing",
    "is not supported yet": "attribute missing",
}

#: Words after which the runtime in the page can do nothing any more.
BROKEN = ("abort", "unreachable", "out of bounds", "memory", "lost")

_PLACED = re.compile(r"placed on \[(\w+)\]\. Number of nodes: (\d+)")
_NUMPY = {"float32": "f4", "float64": "f8", "float16": "f2", "bool": "?"}


class OnnxRuntimeWebGpu(Backend):
    """What ``onnx.backend.test`` asks to prepare and run each model."""

    page = None

    @classmethod
    def prepare(cls, model, *_, **__):
        evidence.operator(model)
        answer = ask("create", base64.b64encode(model.SerializeToString()).decode())
        evidence.note("adapter", answer["adapter"])
        placed = placement(answer["placements"])
        evidence.note("providers", json.dumps(placed))
        if not placed.get(WEBGPU):
            raise unittest.SkipTest("no node of it ran on WebGPU")
        return PreparedModel()

    @classmethod
    def supports_device(cls, device):
        return device == "CPU"  # the names of the suite's cases end so

    @classmethod
    def close(cls):
        if cls.page is not None:
            cls.page.close()
            cls.page = None


class PreparedModel(BackendRep):
    """The session that the page holds."""

    def run(self, inputs, **_):
        answer = ask("run", [encoded(value) for value in inputs])
        for complaint in answer["complaints"]:
            print(complaint)
        return [decoded(output) for output in answer["outputs"]]


def ask(function, argument):
    """Ask the page; skip the test, with the runtime's words, when the runtime lacks what it needs."""
    if OnnxRuntimeWebGpu.page is None:
        OnnxRuntimeWebGpu.page = BrowserPage(endpoint, assets())
    page = OnnxRuntimeWebGpu.page
    try:
        return page.call(function, argument)
    except PageError as error:
        reason = what_is_missing(error, NOT_IMPLEMENTED)
        if reason:
            raise unittest.SkipTest(reason) from error
        if any(word in str(error).lower() for word in BROKEN):
            page.drop()
        raise


def endpoint():
    """Where the browser of the slot listens."""
    if not os.environ.get("DTF_DEVICE_ENDPOINT"):
        raise RuntimeError("DTF_DEVICE_ENDPOINT names no browser: `dtf run --hardware webgpu` sets it")
    return os.environ["DTF_DEVICE_ENDPOINT"]


def assets():
    """The directory of onnxruntime-web's files."""
    directory = Path(os.environ.get("ONNXRUNTIME_WEB_DIST") or ASSETS)
    if not (directory / "ort.webgpu.min.mjs").is_file():
        raise FileNotFoundError(
            f"{directory} has no ort.webgpu.min.mjs; `make browsers` installs it into this checkout"
        )
    return directory


def placement(lines):
    """How many nodes each provider took; copies between providers are no nodes of the model."""
    found, provider = {}, ""
    for line in lines:
        match = _PLACED.search(line)
        if match:
            provider = match[1]
            found[provider] = found.get(provider, 0) + int(match[2])
        elif "Memcpy" in line and provider:
            found[provider] -= 1
    return {provider: count for provider, count in found.items() if count}


def encoded(value):
    """A tensor as the page takes it."""
    if isinstance(value, (list, type(None))):
        raise unittest.SkipTest("type missing: onnxruntime-web has no inputs but tensors")
    array = np.asarray(value)
    if array.dtype.kind in "OU":
        return {"type": "string", "dims": list(array.shape), "data": [str(item) for item in array.ravel()]}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": array.dtype.name, "dims": list(array.shape), "data": data}


def decoded(output):
    """A tensor as NumPy has it."""
    if output["type"] == "string":
        return np.array(output["data"], dtype=object).reshape(output["dims"])
    dtype = np.dtype(_NUMPY.get(output["type"], output["type"]))
    return np.frombuffer(base64.b64decode(output["data"]), dtype).reshape(output["dims"])
