"""Tasks about models: measurements, and what is done in a browser."""

import re

from dtf.domain.suggestion import did_you_mean
from dtf.domain.tasks.reader import Reader, kind_of
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork

#: In what number format a model is measured.
PRECISIONS = ("fp32", "fp16", "bf16", "int8")
#: What executes a model.
RUNTIMES = ("onnxruntime", "torch")
#: What a model in a browser runs on.
PROVIDERS = ("wasm", "webgpu", "webnn")
_MODEL_ARG = re.compile(r"batch=[1-9][0-9]{0,3}|device=(cpu|gpu|npu)")
#: The hardware tags whose slots have browsers.
BROWSER_TAGS = ("webgpu", "webnn")

LARGEST_BATCH = 65_536
MOST_BATCH_SIZES = 64
MOST_ITERATIONS = 1_000_000
MOST_JOBS_TOGETHER = 10_000

#: What is meant where nothing is said.
_MEASURED = BenchmarkWork(model="")
_DONE = BrowserWork(check=BrowserCheck.WGSL)
_LARGEST_SEED = 2**31 - 1
_BENCHMARK = (
    "model",
    "batch_sizes",
    "precision",
    "warm_up",
    "iterations",
    "runtime",
    "tolerance",
    "seed",
    "python",
    "batch_size_limit",
    "model_grouping",
    "hardware_grouping",
)
_BROWSER = ("check", "target", "provider", "args", "tolerance", "seed")


def read_benchmark(config: Reader, shared: tuple[str, ...]) -> BenchmarkWork:
    """Measurements of one model.

    Args:
        config: The task's config.
        shared: Keys that every config may have.
    """
    config.known((*shared, *_BENCHMARK))
    model = config.text("model")
    if not model and not config.get("model"):
        config.note("'model' is missing: a built-in (mlp, cnn, bert), a file, or a hub's name")
    return BenchmarkWork(
        model=model,
        batch_sizes=_batch_sizes(config),
        precision=_choice(config, "precision", PRECISIONS, PRECISIONS[0]),
        warm_up=config.whole_number("warm_up", _MEASURED.warm_up, 0, MOST_ITERATIONS),
        iterations=config.whole_number("iterations", _MEASURED.iterations, 1, MOST_ITERATIONS),
        runtime=_choice(config, "runtime", RUNTIMES, ""),
        tolerance=_tolerance(config),
        seed=config.whole_number("seed", 0, 0, _LARGEST_SEED),
        python=config.text("python"),
        environment=config.environment("env"),
        batch_size_limit=config.whole_number("batch_size_limit", _MEASURED.batch_size_limit, 1, MOST_JOBS_TOGETHER),
        model_grouping=config.flag("model_grouping", _MEASURED.model_grouping),
        hardware_grouping=config.flag("hardware_grouping", _MEASURED.hardware_grouping),
    )


def read_browser(config: Reader, shared: tuple[str, ...]) -> BrowserWork:
    """Something done in a real browser.

    Args:
        config: The task's config.
        shared: Keys that every config may have.
    """
    config.known((*shared, *_BROWSER))
    if not config.has("check"):
        config.note(f"'check' is missing; it is one of {', '.join(BrowserCheck)}")
    work = BrowserWork(
        check=BrowserCheck(_choice(config, "check", tuple(map(str, BrowserCheck)), BrowserCheck.WGSL)),
        target=config.text("target"),
        provider=_choice(config, "provider", PROVIDERS, _DONE.provider),
        args=config.texts("args"),
        tolerance=_tolerance(config),
        seed=config.whole_number("seed", 0, 0, _LARGEST_SEED),
        environment=config.environment("env"),
    )
    if config.has("check"):
        _suit(config, work)
    return work


def browser_tag(work: BrowserWork) -> str:
    """The hardware tag of a browser task that names none."""
    return "webnn" if work.provider == "webnn" else "webgpu"


def _suit(config: Reader, work: BrowserWork) -> None:
    """Note what does not go together."""
    if work.check is BrowserCheck.WGSL and work.target:
        config.note("a wgsl check has a shader of its own and takes no target", "target")
    elif work.check is not BrowserCheck.WGSL and not config.has("target"):
        config.note(f"'target' is missing: what a {work.check} check is about")
    if work.check is not BrowserCheck.MODEL and config.has("provider"):
        config.note(f"only a model runs on a provider, not a {work.check} check", "provider")
    _suit_args(config, work)


def _suit_args(config: Reader, work: BrowserWork) -> None:
    if work.check is BrowserCheck.WGSL and work.args:
        config.note("a wgsl check takes no args", "args")
    for index, word in enumerate(work.args):
        if work.check is BrowserCheck.MODEL and not _MODEL_ARG.fullmatch(word):
            config.note("must be batch=N or, for webnn, device=cpu, device=gpu or device=npu", "args", index)
        elif work.check is BrowserCheck.PAGE and (not word.partition("=")[0] or "=" not in word):
            config.note("must be of the form NAME=VALUE, for the page's query", "args", index)


def _batch_sizes(config: Reader) -> tuple[int, ...]:
    raw = config.get("batch_sizes")
    if raw is None:
        return _MEASURED.batch_sizes
    if not isinstance(raw, list | int | float) or isinstance(raw, bool):
        config.note(f"must be a list of whole numbers, or one, not {kind_of(raw)}", "batch_sizes")
        return _MEASURED.batch_sizes
    if not isinstance(raw, list):
        return (config.whole_number("batch_sizes", 1, 1, LARGEST_BATCH),)
    if not 1 <= len(raw) <= MOST_BATCH_SIZES:
        config.note(f"holds {len(raw)} sizes; it must hold from 1 to {MOST_BATCH_SIZES}", "batch_sizes")
    sizes = config.whole_numbers("batch_sizes", 1, LARGEST_BATCH)
    if len(set(sizes)) < len(sizes):
        config.note("names a size twice", "batch_sizes")
    return sizes


def _tolerance(config: Reader) -> float | None:
    return config.number("tolerance", 0.0, 0.0, 1e9) if config.has("tolerance") else None


def _choice(config: Reader, key: str, known: tuple[str, ...], default: str) -> str:
    """One of some words; a problem is noted and the default given when it is another."""
    word = config.text(key, default)
    if word in (*known, default):
        return word
    if word or config.get(key) == "":
        config.note(f"{word[:80]!r} is none of {', '.join(known)}{did_you_mean(word, known)}", key)
    return default
