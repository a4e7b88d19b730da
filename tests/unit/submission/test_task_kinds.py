from pathlib import Path
from typing import Any

import pytest

from dtf.domain.errors import BadInputError
from dtf.domain.tasks.document import read_tasks
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork
from dtf.submission.tasks import place_tasks

MODEL = {"type": "benchmark", "config": {"model": "cnn"}}


def problems(document: object) -> list[str]:
    """What is wrong, each with its place."""
    return [f"{problem.where()}: {problem.message}" for problem in read_tasks(document)[1]]


def benchmark(**config: object) -> dict[str, Any]:
    """A benchmark task."""
    return {"type": "benchmark", "config": {"model": "cnn", **config}}


def browser(**config: object) -> dict[str, Any]:
    """A browser task."""
    return {"type": "browser", "config": {"check": "wgsl", **config}}


def wanting(**wanted: object) -> dict[str, Any]:
    """A test task with hardware requirements."""
    return {"type": "test", "config": {"test_file": "t.py", "hardware_requirements": wanted}}


def test_a_benchmark_is_read_whole() -> None:
    """Every key of a benchmark's task file arrives."""
    config = {
        "model": "bert",
        "batch_sizes": [1, 8],
        "precision": "fp16",
        "warm_up": 2,
        "iterations": 20,
        "runtime": "torch",
        "tolerance": 0.01,
        "seed": 7,
        "python": "/venv/bin/python",
        "env": {"A": "b"},
        "batch_size_limit": 4,
        "model_grouping": False,
        "hardware_grouping": False,
    }
    (task,), wrong = read_tasks({"type": "benchmark", "config": config})
    assert wrong == []
    assert task.work == BenchmarkWork(
        model="bert",
        batch_sizes=(1, 8),
        precision="fp16",
        warm_up=2,
        iterations=20,
        runtime="torch",
        tolerance=0.01,
        seed=7,
        python="/venv/bin/python",
        environment={"A": "b"},
        batch_size_limit=4,
        model_grouping=False,
        hardware_grouping=False,
    )
    assert (task.name, task.hardware) == ("bert", "cpu")


def test_what_a_benchmark_does_not_say() -> None:
    """The defaults are those of the work, and one batch size may stand alone."""
    (task,), _ = read_tasks(MODEL)
    assert task.work == BenchmarkWork(model="cnn")
    (task,), _ = read_tasks(benchmark(batch_sizes=4))
    assert task.work == BenchmarkWork(model="cnn", batch_sizes=(4,))


def test_browser_tasks_run_where_the_browsers_are() -> None:
    """Without a tag it is webgpu, or webnn for a model on WebNN."""
    (task,), wrong = read_tasks(browser(check="model", target="cnn", provider="webnn", seed=3))
    assert wrong == []
    assert task.work == BrowserWork(check=BrowserCheck.MODEL, target="cnn", provider="webnn", seed=3)
    assert (task.name, task.hardware) == ("model cnn", "webnn")
    (task,), wrong = read_tasks(browser(check="page", target="site", args=["a=1", "b="]))
    assert (wrong, task.hardware) == ([], "webgpu")
    (task,), wrong = read_tasks(browser())
    assert (wrong, task.name) == ([], "wgsl")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (benchmark(batch_sizes=[]), "config.batch_sizes: holds 0 sizes; it must hold from 1 to 64"),
        (benchmark(batch_sizes=[1, 0]), "config.batch_sizes[1]: must be from 1 to 65,536"),
        (benchmark(batch_sizes=[1, True]), "config.batch_sizes[1]: must be a whole number, not true or false"),
        (benchmark(batch_sizes=[2, 2]), "config.batch_sizes: names a size twice"),
        (benchmark(precision="fp8"), "config.precision: 'fp8' is none of fp32, fp16, bf16, int8"),
        (benchmark(runtime="tensorflow"), "config.runtime: 'tensorflow' is none of onnxruntime, torch"),
        (benchmark(precision=""), "config.precision: '' is none of fp32"),
        (benchmark(batch_sizes=[1.5]), "config.batch_sizes[0]: must be a whole number, not 1.5"),
        (benchmark(batch_sizes="x"), "config.batch_sizes: must be a list of whole numbers, or one, not a text"),
        (benchmark(iterations=0), "config.iterations: must be from 1 to 1,000,000"),
        (benchmark(model_grouping="yes"), "config.model_grouping: must be true or false, not a text"),
        (benchmark(model=7), "config.model: must be a text, not a number"),
        (benchmark(tolerance=-1), "config.tolerance: must be from 0 to 1,000,000,000"),
        (benchmark(argv=["x"]), "config.argv: unknown key 'argv'"),
        (browser(check="wgls"), "config.check: 'wgls' is none of wgsl, model, page, script (did you mean 'wgsl'?)"),
        (browser(target="x"), "config.target: a wgsl check has a shader of its own and takes no target"),
        (browser(provider="wasm"), "config.provider: only a model runs on a provider, not a wgsl check"),
        (browser(check="page"), "config: 'target' is missing: what a page check is about"),
        (browser(check="page", target="a", args=["x"]), "config.args[0]: must be of the form NAME=VALUE"),
        (browser(check="model", target="a", args=["x"]), "config.args[0]: must be batch=N or, for webnn, device="),
        (browser(check="wgsl", args=["x"]), "config.args: a wgsl check takes no args"),
        (browser(check="model", target="a", provider="cuda"), "config.provider: 'cuda' is none of wasm, webgpu, webnn"),
        (browser(hardware_requirements={"hardware": "cuda"}), "a browser task runs on webgpu or webnn"),
        (wanting(devices=0), "config.hardware_requirements.devices: must be from 1 to 64"),
        (wanting(devices="two"), "config.hardware_requirements.devices: must be a number"),
        (wanting(tags="gpu"), "config.hardware_requirements.tags: must be a list of texts"),
        (wanting(tags=["a b", "x;y"]), "config.hardware_requirements.tags[1]: requirement 'x;y' cannot be read"),
        (wanting(vram_gb=">=lots"), "config.hardware_requirements.vram_gb: requirement 'vram_gb>=lots': 'lots' is no"),
        (wanting(vram_gb="lots"), "config.hardware_requirements.vram_gb: requirement 'vram_gb=lots': 'lots' is no"),
        (wanting(vram_gb=-1), "config.hardware_requirements.vram_gb: requirement 'vram_gb>=-1': '-1' is no number"),
        (wanting(vram_gb=None), "config.hardware_requirements.vram_gb: must be a number, a text such as '>=24', or"),
        (wanting(**{"a;b": 1}), "config.hardware_requirements.a;b: requirement 'a;b=1' cannot be read"),
        (wanting(browser="fire\nfox"), "config.hardware_requirements.browser: requirement 'browser=fire\\nfox' cannot"),
        (wanting(tags=[f"t{n}" for n in range(20)]), "a job may have 16 requirements, not 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(document: object, told: str) -> None:
    """Each mistake with where it stands."""
    assert any(told in line for line in problems(document)), problems(document)


def test_all_problems_are_told_at_once() -> None:
    """Those of the model and of the hardware together."""
    wrong = problems(benchmark(precision="x", iterations=-1, hardware_requirements={"hardware": "tpu", "tags": [1]}))
    assert len(wrong) == 4


def test_hardware_requirements() -> None:
    """A number means so much at least where that is what is asked of it; true means to have it."""
    (task,), wrong = read_tasks(
        wanting(
            hardware="cuda",
            vram_gb=24,
            compute_capability=">= 8.6",
            index=1,
            browser="Firefox",
            driver="!=550",
            webnn=True,
            mig=False,
            devices=2,
            tags=["transformers"],
            device="H200",
        )
    )
    assert wrong == []
    assert task.hardware == "cuda"
    assert task.requirements == (
        "browser=firefox",
        "compute_capability>=8.6",
        "device=h200",
        "devices=2",
        "driver!=550",
        "index=1",
        "mig=false",
        "transformers",
        "vram_gb>=24",
        "webnn",
    )
    (task,), wrong = read_tasks({**MODEL, "hardware_requirements": {"hardware": "gpu", "devices": 1}})
    assert (wrong, task.queue) == ([], "gpu")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (benchmark(model="models/no.onnx"), "'models/no.onnx': there is no such file"),
        (benchmark(model="./cnn"), "'./cnn': there is no such file"),
        (benchmark(model="../outside.onnx"), "'../outside.onnx' lies outside of"),
        (benchmark(model="sub/"), "'sub/': not a file"),
        (benchmark(model="."), "'.': not a file"),
        (benchmark(model="bert"), ""),
        (benchmark(model="m.onnx"), ""),
        (benchmark(model="org/name-of-a-hub"), ""),
        (benchmark(model="x" * 4000), ""),
        (browser(check="page", target="sub"), ""),
        (browser(check="page", target="nowhere"), "'nowhere': there is no such file"),
        (browser(check="script", target="sub"), "'sub': not a file"),
        (browser(check="model", target="bert"), ""),
        (browser(check="model", target="brt"), "'brt': there is no such file and no such built-in (mlp, cnn, bert)"),
        (browser(check="model", target="sub"), "'sub': not a file"),
        (browser(check="model", target="b.onnx"), "'b.onnx': there is no such file"),
    ],
)
def test_files_are_part_of_the_source(config: dict[str, Any], told: str, tmp_path: Path) -> None:
    """What names a file must be there, below what travels; a built-in and a hub's name need none."""
    (tmp_path / "project" / "sub").mkdir(parents=True)
    (tmp_path / "project" / "bert").mkdir()
    (tmp_path / "outside.onnx").touch()
    (tmp_path / "project" / "m.onnx").touch()
    tasks, wrong = read_tasks(config)
    assert wrong == []
    if not told:
        (placed,) = place_tasks(tasks, tmp_path / "project", environ={}, in_place=True)
        assert (placed.root, placed.subdirectory) == (tmp_path / "project", ".")
        return
    with pytest.raises(BadInputError) as caught:
        place_tasks(tasks, tmp_path / "project", environ={}, in_place=True)
    assert told in str(caught.value)
