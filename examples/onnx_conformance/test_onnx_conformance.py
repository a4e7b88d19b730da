"""The official ONNX backend conformance suite, one test for each of its CPU cases, on the hardware in DTF_HARDWARE.

On ``cpu`` (and without dtf), ``cuda`` and ``rocm`` it runs on ONNX Runtime, on ``webgpu`` on onnxruntime-web in the
browser of the slot.
"""

import os
import tomllib
import unittest
from pathlib import Path

import pytest
from evidence import MeasuredTest, evidence

HARDWARE = os.environ.get("DTF_HARDWARE", "cpu")
if HARDWARE == "cpu":
    from onnx_runtime_cpu import OnnxRuntimeCpu as Backend
elif HARDWARE == "webgpu":
    from onnx_runtime_web import OnnxRuntimeWebGpu as Backend  # needs Playwright
elif HARDWARE in ("cuda", "rocm"):
    from onnx_runtime_gpu import backend_for

    try:
        Backend = backend_for(HARDWARE)
    except RuntimeError as error:
        pytest.fail(str(error), pytrace=False)
else:
    pytest.fail(f"this suite runs on cpu, cuda, rocm and webgpu, not on {HARDWARE}", pytrace=False)

DIFFERENCES = tomllib.loads(Path(__file__).with_name("known_differences.toml").read_text()).get(HARDWARE, {})


@pytest.fixture(scope="module", autouse=True)
def model_directory(tmp_path_factory):
    """The suite unpacks a few models; keep them out of the home directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONNX_HOME", str(tmp_path_factory.mktemp("onnx")))
        yield


@pytest.fixture(scope="session", autouse=True)
def backend():
    """What the backend opened is closed at the end."""
    yield
    Backend.close()


@pytest.fixture(autouse=True)
def properties(record_property):
    """Record what each test learned, for the matrix and the reports."""
    evidence.begin()
    yield
    for name, value in evidence.properties.items():
        record_property(name, value)


def expect_known(name, case):
    """Mark the case as an expected failure if its difference is known."""
    return pytest.mark.xfail(reason=DIFFERENCES[name])(case) if name in DIFFERENCES else case


for _category, _suite in MeasuredTest(Backend, __name__).test_cases.items():
    _cases = {name: expect_known(name, case) for name, case in vars(_suite).items() if name.endswith("_cpu")}
    globals()[_category] = type(_category, (unittest.TestCase,), {"__module__": __name__, **_cases})
del _suite  # pytest would collect it under this name too
