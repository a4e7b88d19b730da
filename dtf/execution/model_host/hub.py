"""Models of the Hugging Face hub, by transformers."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError
from dtf.execution.model_host.torch_import import import_torch
from dtf.execution.model_host.torch_subject import TorchSubject
from dtf.execution.models.inputs import OTHER_DYNAMIC, InputSpec, make_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How long the hub has to answer, in seconds.
_ANSWER_S = 10.0


def hub_subject(name: str) -> TorchSubject:
    """A model by its name, from the cache on this machine or from the hub.

    Raises:
        BadInputError: The libraries are missing, the hub cannot be reached, or it has no such model.
    """
    try:
        import huggingface_hub  # noqa: PLC0415  # no dependency of dtf
        import transformers  # noqa: PLC0415  # no dependency of dtf
    except ImportError as error:
        raise BadInputError(
            f"{name!r} is no built-in model and no file; to load it from the hub the job's interpreter needs "
            f"transformers and torch ({error}): pip install transformers torch"
        ) from error
    import_torch()
    is_cached = _is_cached(huggingface_hub, name)
    try:
        config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=False, local_files_only=is_cached)
        specs = _specs(name, config)
        if not is_cached:  # fetches the weights, which is no part of the time to load them
            transformers.AutoModel.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise BadInputError(f"transformers cannot load {name!r}: {_short(error)}") from error

    def module() -> Any:  # noqa: ANN401  # torch's
        try:
            return transformers.AutoModel.from_pretrained(name, trust_remote_code=False, local_files_only=True).eval()
        except (OSError, ValueError) as error:
            raise BadInputError(f"transformers cannot load {name!r}: {_short(error)}") from error

    def inputs(batch_size: int, seed: int) -> Mapping[str, "NDArray[Any]"]:
        return make_values(specs, batch_size, seed)

    return TorchSubject(f"hub {name} {_revision(huggingface_hub, name)}", module, inputs)


def _is_cached(hub: Any, name: str) -> bool:  # noqa: ANN401  # huggingface_hub's
    """Whether this machine has the model, so that no network is needed; otherwise the hub knows it.

    Raises:
        BadInputError: Neither.
    """
    try:
        if isinstance(hub.try_to_load_from_cache(name, "config.json"), str):
            return True
        hub.HfApi().model_info(name, timeout=_ANSWER_S)
    except Exception as error:
        raise BadInputError(
            f"{name!r} is no built-in model and no file, and the hub did not give it: {_short(error)}; "
            "without a network put the model into the worker's cache (HF_HOME), or name a file"
        ) from error
    return False


def _revision(hub: Any, name: str) -> str:  # noqa: ANN401  # huggingface_hub's
    """The commit of the cached model: the cache keeps each in a folder of that name."""
    found = hub.try_to_load_from_cache(name, "config.json")
    return Path(found).parent.name if isinstance(found, str) else "of an unknown revision"


def _specs(name: str, config: Any) -> tuple[InputSpec, ...]:  # noqa: ANN401  # transformers'
    """The one input that a text or an image model takes."""
    if words := getattr(config, "vocab_size", None):
        return (InputSpec(name="input_ids", dtype="int64", shape=(None, OTHER_DYNAMIC), below=int(words)),)
    if size := getattr(config, "image_size", None):
        height, width = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        channels = int(getattr(config, "num_channels", 3))
        return (InputSpec(name="pixel_values", dtype="float32", shape=(None, channels, height, width)),)
    raise BadInputError(f"{name!r} is neither a text nor an image model; dtf cannot make inputs for it")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:400]
