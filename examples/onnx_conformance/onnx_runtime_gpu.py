"""ONNX Runtime's GPU providers as a backend of the suite."""

import json
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
from evidence import evidence
from onnx.backend.base import Backend, BackendRep
from onnx_runtime_cpu import skip_unless_implemented

CPU = "CPUExecutionProvider"

#: What serves a hardware tag, the preferred provider first.
PROVIDERS = {
    "cuda": ("CUDAExecutionProvider",),
    "rocm": ("MIGraphXExecutionProvider", "ROCMExecutionProvider"),
}


def provider_for(hardware):
    """The provider of a tag that this onnxruntime has."""
    available = onnxruntime.get_available_providers()
    for provider in PROVIDERS[hardware]:
        if provider in available:
            return provider
    raise RuntimeError(
        f"this onnxruntime has no {' or '.join(PROVIDERS[hardware])} (available: {', '.join(available)});"
        f" install the onnxruntime that is made for {hardware}"
    )


def backend_for(hardware):
    """What ``onnx.backend.test`` asks to prepare and run each model, on a tag's provider."""

    class OnnxRuntimeGpu(Backend):
        provider = provider_for(hardware)

        @classmethod
        def prepare(cls, model, *_, **__):
            evidence.operator(model)
            return skip_unless_implemented(PreparedModel, model, cls.provider)

        @classmethod
        def supports_device(cls, device):
            return device == "CPU"  # the names of the suite's cases end so

        @classmethod
        def close(cls):
            """Nothing is left open."""

    return OnnxRuntimeGpu


class PreparedModel(BackendRep):
    """A session whose first run is profiled, to see who took the nodes."""

    def __init__(self, model, provider):
        self.provider = provider
        self.folder = tempfile.TemporaryDirectory(prefix="onnx-profile-")
        options = onnxruntime.SessionOptions()
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(self.folder.name) / "profile")
        providers = list(dict.fromkeys((provider, CPU)))
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)

    def run(self, inputs, **_):
        arrays = [np.asarray(value) if isinstance(value, np.generic) else value for value in inputs]
        names = [one.name for one in self.session.get_inputs()]
        outputs = skip_unless_implemented(self.session.run, None, dict(zip(names, arrays, strict=False)))
        if self.folder is not None:
            placed = placement(Path(self.session.end_profiling()))
            self.folder.cleanup()
            self.folder = None
            evidence.note("providers", json.dumps(placed))
            if not placed.get(self.provider):
                raise unittest.SkipTest(f"no node of it ran on {self.provider}")
        return outputs


def placement(profile):
    """How many nodes each provider ran, by the runtime's own profile; copies are no nodes of the model."""
    found = Counter()
    for event in json.loads(profile.read_text()):
        provider = event.get("args", {}).get("provider")
        name = event.get("name", "")
        if event.get("cat") == "Node" and provider and name.endswith("_kernel_time") and "Memcpy" not in name:
            found[provider] += 1
    return dict(found)
