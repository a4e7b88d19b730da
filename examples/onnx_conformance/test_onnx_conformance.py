"""The official ONNX backend conformance suite against ONNX Runtime on the CPU: one test for each of its CPU cases."""

import tomllib
import unittest
from pathlib import Path

import pytest
from onnx.backend.test import BackendTest
from onnx_runtime_cpu import OnnxRuntimeCpu

DIFFERENCES = tomllib.loads(Path(__file__).with_name("known_differences.toml").read_text())["cases"]


@pytest.fixture(scope="module", autouse=True)
def model_directory(tmp_path_factory):
    """The suite unpacks a few models; keep them out of the home directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONNX_HOME", str(tmp_path_factory.mktemp("onnx")))
        yield


def expect_known(name, case):
    """Mark the case as an expected failure if its difference is known."""
    return pytest.mark.xfail(reason=DIFFERENCES[name])(case) if name in DIFFERENCES else case


for _category, _suite in BackendTest(OnnxRuntimeCpu, __name__).test_cases.items():
    _cases = {name: expect_known(name, case) for name, case in vars(_suite).items() if name.endswith("_cpu")}
    globals()[_category] = type(_category, (unittest.TestCase,), {"__module__": __name__, **_cases})
del _suite  # pytest would collect it under this name too
