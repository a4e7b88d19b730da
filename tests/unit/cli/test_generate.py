from typing import Any

import pytest
from click.testing import CliRunner

from dtf.cli.commands.submit import command
from dtf.cli.running.generate import generated_tasks, stray_options
from dtf.domain.errors import BadInputError
from dtf.domain.work import BenchmarkWork

_NOTHING: dict[str, Any] = {
    "generate": "benchmark",
    "models": ("cnn",),
    "hardware": None,
    "batch_sizes": None,
    "precision": None,
    "iterations": None,
    "warm_up": None,
    "runtime": None,
    "tolerance": None,
    "seed": None,
    "batch_size_limit": None,
    "no_model_grouping": False,
    "no_hardware_grouping": False,
}


def test_a_job_for_each_model_precision_and_tag_in_order() -> None:
    """What belongs to one model stays together, and each job says what it is."""
    given = {**_NOTHING, "models": ("cnn", "bert", "cnn"), "precision": "fp32, fp16", "hardware": "cpu,cuda"}
    tasks = generated_tasks({**given, "batch_sizes": "1,8"})
    assert [(task.name, task.hardware) for task in tasks] == [
        (f"{model} {precision} {tag}", tag)
        for model in ("cnn", "bert")
        for precision in ("fp32", "fp16")
        for tag in ("cpu", "cuda")
    ]
    assert {task.work.batch_sizes for task in tasks if isinstance(task.work, BenchmarkWork)} == {(1, 8)}


def test_what_is_not_given_is_as_in_a_task_file() -> None:
    """The defaults are those of a benchmark task."""
    (task,) = generated_tasks(_NOTHING)
    assert task.work == BenchmarkWork(model="cnn")
    assert (task.hardware, task.name) == ("cpu", "cnn fp32")


def test_every_option_reaches_the_work() -> None:
    """Each word of the command is a field of the work."""
    given: dict[str, Any] = {"iterations": 7, "warm_up": 0, "runtime": "torch", "tolerance": 0.5, "seed": 3}
    given["batch_size_limit"] = 2
    flags = {"no_model_grouping": True, "no_hardware_grouping": True}
    (task,) = generated_tasks({**_NOTHING, **given, **flags})
    assert task.work == BenchmarkWork(model="cnn", model_grouping=False, hardware_grouping=False, **given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"precision": "fp32,fp8"}, "--precision: 'fp8' is none of fp32, fp16, bf16, int8"),
        ({"precision": "fp32,,int8"}, "--precision 'fp32,,int8' has an empty word"),
        ({"batch_sizes": "1,x"}, "--batch-sizes: 'x' is no number"),
        ({"batch_sizes": "0"}, "--batch-sizes: "),
        ({"batch_sizes": ""}, "--batch-sizes '' has an empty word"),
        ({"iterations": 0}, "--iterations: "),
        ({"hardware": "cdua"}, "unknown hardware 'cdua'"),
        ({"models": ("",)}, "'model' is missing"),
        ({"runtime": "tensorflow"}, "--runtime: "),
        ({"hardware": "cpu,webgpu"}, "only a browser reaches webgpu: submit the model as type browser"),
    ],
)
def test_mistakes_name_their_option_once(given: dict[str, Any], told: str) -> None:
    """Each mistake is told once, whatever number of jobs would have had it."""
    with pytest.raises(BadInputError) as raised:
        generated_tasks({**_NOTHING, "models": ("cnn", "bert"), **given})
    assert told in str(raised.value)
    assert len(str(raised.value).split("\n")) == 1


def test_options_of_benchmarks_without_generate_are_told() -> None:
    """They would mean nothing."""
    assert stray_options({**_NOTHING, "generate": None, "precision": "fp16"}) == [
        "--model, --precision: only with --generate benchmark"
    ]
    assert stray_options({**_NOTHING, "models": ()}) == ["--generate benchmark needs --model MODEL"]
    assert stray_options(_NOTHING) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--generate", "benchmark"), "--generate benchmark needs --model MODEL"),
        (("--generate", "benchmark", "--model", "cnn", "--test-file", "x"), "name either --task-file FILE, or"),
        (("--generate", "benchmark", "--model", "cnn", "--max-iterations", "2"), "--max-iterations needs --periodic"),
        (("--generate", "benchmark", "--model", "cnn", "--periodic", "0"), "--periodic must be more than 0"),
        (("--generate", "benchmark", "--model", "cnn", "--periodic", "nan"), "--periodic must be more than 0"),
        (("--generate", "benchmark", "--model", "absent.onnx"), "'absent.onnx': there is no such file"),
    ],
)
def test_the_command_refuses_before_it_writes(arguments: tuple[str, ...], told: str) -> None:
    """Bad input is told and nothing is submitted."""
    found = CliRunner().invoke(command, arguments)
    assert isinstance(found.exception, BadInputError)
    assert told in str(found.exception)
