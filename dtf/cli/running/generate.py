"""``dtf submit --generate benchmark``: tasks made from options."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, TypeVar

import click

from dtf.domain.errors import BadInputError
from dtf.domain.tasks.document import MOST_TASKS, read_tasks
from dtf.domain.tasks.task import Task

F = TypeVar("F", bound=Callable[..., Any])

#: The options that mean something with ``--generate`` alone, by their parameter.
_OPTIONS = {
    "models": "--model",
    "batch_sizes": "--batch-sizes",
    "precision": "--precision",
    "iterations": "--iterations",
    "warm_up": "--warm-up",
    "runtime": "--runtime",
    "tolerance": "--tolerance",
    "seed": "--seed",
    "batch_size_limit": "--batch-size-limit",
    "no_model_grouping": "--no-model-grouping",
    "no_hardware_grouping": "--no-hardware-grouping",
}
#: Those that a task's config takes as they are.
_PLAIN = ("iterations", "warm_up", "runtime", "tolerance", "seed", "batch_size_limit")


def generate_options(function: F) -> F:
    """``--generate`` and what it is made of."""
    options = (
        click.option("--generate", type=click.Choice(["benchmark"]), help="Make a job of each model and precision."),
        click.option(
            "--model",
            "models",
            multiple=True,
            metavar="MODEL",
            help="A built-in (mlp, cnn, bert), a file, or a hub's name; repeatable.",
        ),
        click.option("--batch-sizes", metavar="N,N", help="Each is measured by itself [default: 1]."),
        click.option("--precision", metavar="P,P", help="Of fp32, fp16, bf16 and int8 [default: fp32]."),
        click.option("--iterations", type=int, metavar="N", help="Measured calls a batch size [default: 50]."),
        click.option("--warm-up", type=int, metavar="N", help="Calls before them [default: 5]."),
        click.option("--runtime", metavar="NAME", help="onnxruntime or torch [default: by the model]."),
        click.option("--tolerance", type=float, metavar="X", help="Largest error [default: by the precision]."),
        click.option("--seed", type=int, metavar="N", help="Of the inputs and of a built-in's weights [default: 0]."),
        click.option(
            "--batch-size-limit",
            type=int,
            metavar="N",
            help="How many jobs of a model follow each other with it loaded once [default: 8].",
        ),
        click.option("--no-model-grouping", is_flag=True, help="Load the model anew for every job."),
        click.option("--no-hardware-grouping", is_flag=True, help="Let jobs with other requirements follow too."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def stray_options(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with these options; empty: nothing."""
    if given["generate"]:
        return [] if given["models"] else ["--generate benchmark needs --model MODEL"]
    stray = [option for name, option in _OPTIONS.items() if given[name] not in (None, False, ())]
    return [f"{', '.join(stray)}: only with --generate benchmark"] if stray else []


def generated_tasks(given: Mapping[str, Any]) -> list[Task]:
    """A task for each model, precision and hardware tag.

    Raises:
        BadInputError: Something is wrong; the message tells all of it.
    """
    batch_sizes = _numbers("--batch-sizes", "1" if given["batch_sizes"] is None else given["batch_sizes"])
    tags = _words("--hardware", "cpu" if given["hardware"] is None else given["hardware"])
    precisions = _words("--precision", "fp32" if given["precision"] is None else given["precision"])
    wanted = list(product(dict.fromkeys(given["models"]), dict.fromkeys(precisions), dict.fromkeys(tags)))
    if len(wanted) > MOST_TASKS:
        raise BadInputError(f"that makes {len(wanted)} jobs; a run may have {MOST_TASKS}")
    documents = [_document(given, model, precision, tag, batch_sizes) for model, precision, tag in wanted]
    tasks, problems = read_tasks(documents)
    if problems:
        lines = dict.fromkeys(f"{_option(problem.place)}{problem.message}" for problem in problems)
        raise BadInputError("\n".join(lines))
    return tasks


def _document(given: Mapping[str, Any], model: str, precision: str, tag: str, batch_sizes: list[int]) -> dict[str, Any]:
    config = {name: given[name] for name in _PLAIN if given[name] is not None}
    config |= {"model": model, "precision": precision, "batch_sizes": batch_sizes}
    config["model_grouping"] = not given["no_model_grouping"]
    config["hardware_grouping"] = not given["no_hardware_grouping"]
    name = f"{model[:400]} {precision}" + (f" {tag}" if "," in (given["hardware"] or "") else "")
    return {"type": "benchmark", "name": name, "config": config, "hardware_requirements": {"hardware": tag}}


def _numbers(option: str, text: str) -> list[int]:
    words = _words(option, text)
    bad = [word for word in words if not (word.isascii() and word.isdigit() and len(word) < 10)]
    if bad:
        raise BadInputError(f"{option}: {bad[0][:40]!r} is no number; write them as 1,8,32")
    return [int(word) for word in words]


def _words(option: str, text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise BadInputError(f"{option} {text[:80]!r} has an empty word")
    return words


def _option(place: tuple[str | int, ...]) -> str:
    """The option that a place in the generated document comes from, with a colon."""
    named = {**_OPTIONS, "model": "--model", "hardware": "--hardware", "name": "--model"}
    key = next((step for step in reversed(place) if isinstance(step, str) and step in named), "")
    return f"{named[key]}: " if key else ""
