"""ONNX Runtime's CPU backend, with what it does not implement told apart from what it gets wrong."""

import unittest

import numpy as np
from evidence import evidence
from onnx.backend.base import Backend, BackendRep
from onnxruntime import backend as onnx_runtime
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotImplementedByRuntimeError

#: The runtime's own words for what it does not implement, and what is missing then.
NOT_IMPLEMENTED = {
    "Unsupported model IR version": "model format too new",
    "is under development and support for this is limited": "opset too new",
    "No Op registered": "operator missing",
    "is not a registered function/op": "operator missing",
    "Unrecognized attribute": "attribute missing",
    "can't be converted to MLDataType": "type missing",
    "Batchwise recurrent operations (layout == 1) are not supported": "layout missing",
    "Non per-tensor quantization is not supported": "quantization missing",
    "Failed to construct locale": "locale not installed here",
}


class OnnxRuntimeCpu(Backend):
    """What ``onnx.backend.test`` asks to prepare and run each model."""

    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        evidence.operator(model)
        return PreparedModel(skip_unless_implemented(onnx_runtime.prepare, model, device, **kwargs))

    @classmethod
    def supports_device(cls, device):
        return device == "CPU"

    @classmethod
    def close(cls):
        """Nothing is left open."""


class PreparedModel(BackendRep):
    """A model that the runtime accepted."""

    def __init__(self, prepared):
        self.prepared = prepared

    def run(self, inputs, **kwargs):
        # the suite writes a tensor without dimensions as a NumPy scalar; a session takes arrays alone
        arrays = [np.asarray(value) if isinstance(value, np.generic) else value for value in inputs]
        return skip_unless_implemented(self.prepared.run, arrays, **kwargs)


def skip_unless_implemented(function, *args, **kwargs):
    """Call ``function``; skip the test, with the runtime's words, when the runtime lacks what it needs."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        reason = what_is_missing(error)
        if reason:
            raise unittest.SkipTest(reason) from error
        raise


def what_is_missing(error, more_words=()):
    """What the runtime lacks, in one line; empty when the error says something else."""
    message = str(error)
    if isinstance(error, NotImplementedByRuntimeError):
        return "operator or type missing: " + message.partition("NOT_IMPLEMENTED : ")[2][:160]
    for words, missing in {**NOT_IMPLEMENTED, **dict(more_words)}.items():
        if words in message:
            start = max(0, message.index(words) - 40)
            told = message[start:].partition(" ")[2] if start else message  # not from the middle of a word
            return f"{missing}: {' '.join(told.split())[:160]}"
    return ""
