"""``dtf matrix``: models and operators by hardware and device, what stands on no hardware marked everywhere."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harness.place import Place
from tests.support.browsers import need_browser, need_onnxruntime_web

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "onnx_conformance"

HOSTILE = "<script>alert(1)</script>\\x1b[31m|`\\u202e"

SUITE = f"""
import os, pytest

GPU = os.environ["DTF_HARDWARE"] == "cuda"

def test_add(record_property):
    record_property("operator", "Add")

def test_mul(record_property):
    record_property("operator", "Mul")
    record_property("largest_error", 0.5 if GPU else 0.0)
    record_property("tolerance", 1e-3)
    assert not GPU, "other numbers"

def test_sub(record_property):
    record_property("operator", "Sub")
    if GPU:
        pytest.skip("not implemented here")

@pytest.mark.parametrize("name", ["{HOSTILE}"])
def test_hostile(record_property, name):
    record_property("operator", name)
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Place]:
    """A place with one simulated GPU."""
    made = Place(tmp_path, DTF_SIMULATE_DEVICES="cuda:1")
    yield made
    made.kill_all()


def test_simulated_hardware_is_a_column_of_its_own(lab: Place, tmp_path: Path) -> None:
    """A suite on cpu and a simulated GPU: one matrix in every format, marked, escaped, and checked by exit status."""
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "pytest.ini").write_text("[pytest]\n")
    (suite / "test_a.py").write_text(SUITE)
    ran = lab.dtf("run", str(suite), "--hardware", "cpu,cuda", "--workers", "1", "--python", sys.executable)
    assert ran.status == 1, ran.err[-3000:]
    assert "4 results (cuda) on simulated devices" not in ran.out  # one of them was skipped
    assert "3 results (cuda) on simulated devices" in ran.out

    data = lab.dtf("matrix", "--json").answer
    assert [(column["hardware"], column["simulated"]) for column in data["columns"]] == [("cpu", False), ("cuda", True)]
    assert data["reference"] == 0
    told = {(cell["row"], cell["column"]): cell["verdict"] for cell in data["cells"]}
    assert [told["Add", 1], told["Mul", 0], told["Mul", 1], told["Sub", 1]] == [
        "supported",
        "supported",
        "wrong",
        "unsupported",
    ]
    assert {cell["standing"] for cell in data["cells"] if cell["column"] == 1} == {"simulated"}
    assert data["worse"] == 1

    shown = lab.dtf("matrix", "last")
    assert shown.status == 0
    assert "cuda (simulated)" in shown.out
    assert "wrong, error 0.5 (tolerance 0.001)" in shown.out
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert lab.dtf("matrix", "last", "--check").status == 1
    assert lab.dtf("matrix", "last", "--check", "--reference", "cuda").status == 0

    page = tmp_path / "matrix.html"
    assert lab.dtf("matrix", "last", "-o", str(page)).status == 0
    text = page.read_text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert '<span class="mark">simulated</span>' in text
    markdown = lab.dtf("matrix", "last", "--format", "markdown").out
    assert "\\<script\\>" in markdown
    assert "cuda \\(simulated\\)" in markdown

    report = json.loads(lab.dtf("report", "last", "--format", "json").out)
    assert report["standings"] == {"proven": {"cpu": 4}, "simulated": {"cuda": 3}}
    junit = lab.dtf("report", "last", "--format", "junit").out
    assert '<property name="largest_error" value="0.5"/>' in junit


def test_bad_words_are_one_message_and_write_nothing(place: Place, tmp_path: Path) -> None:
    """Runs, references and formats that do not exist, and a file that cannot be written, end with status 2."""
    page = tmp_path / "matrix.html"
    assert place.dtf("init-db").status == 0
    for words in (
        ("last",),
        ("rnone", "-o", str(page)),
        ("a b; --",),
        ("--format", "pdf"),
        ("--format", "terminal", "-o", str(page)),
        ("-o", str(tmp_path)),
        ("-o", str(tmp_path / "matrix.pdf")),
        ("-o", str(tmp_path / "matrix")),
    ):
        done = place.dtf("matrix", *words)
        assert done.status == 2, (words, done.err)
        assert "Traceback" not in done.err
        assert done.err.strip()
    assert not list(tmp_path.glob("matrix*"))
    assert ".json, .md, .markdown, .html, .htm" in place.dtf("matrix", "-o", "m.pdf").err


def test_the_conformance_suite_on_webgpu(place: Place) -> None:
    """A few cases of it in the slot's browser: what passes, what differs, and what WebGPU has not; marked."""
    need_browser("chromium")
    need_onnxruntime_web()
    cases = "test_abs_cpu or test_mish_cpu or test_sin_cpu"
    words = ("--hardware", "cpu,webgpu", "--workers", "1", "-k", cases, "--json")
    ran = place.dtf("run", str(EXAMPLE), *words, timeout_s=280)
    assert ran.status in (0, 1), ran.err[-3000:]
    data = place.dtf("matrix", "last", "--json").answer
    columns = [column["hardware"] for column in data["columns"]]
    told = {(cell["row"], columns[cell["column"]]): cell for cell in data["cells"]}
    assert {told[row, "cpu"]["verdict"] for row in ("Abs", "Mish", "Sin")} == {"supported"}
    assert told["Abs", "webgpu"]["verdict"] == "supported"
    assert told["Sin", "webgpu"]["verdict"] == "unsupported"
    assert told["Sin", "webgpu"]["reason"] == "no node of it ran on WebGPU"
    assert told["Abs", "webgpu"]["standing"] in ("software", "proven")
    (webgpu,) = [column for column in data["columns"] if column["hardware"] == "webgpu"]
    assert webgpu["software"] == ("SwiftShader" in webgpu["device"])
    place.assert_nothing_left()
