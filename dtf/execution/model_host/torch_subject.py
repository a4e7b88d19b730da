"""Models of PyTorch."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError
from dtf.execution.model_host.subject import Place, Placement, RanElsewhereError
from dtf.execution.model_host.torch_count import counting
from dtf.execution.model_host.torch_import import import_torch
from dtf.execution.models.reference import Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Makes the module anew, in float32 on the CPU.
MakeModule = Callable[[], Any]
#: Makes inputs for a batch size and a seed.
MakeInputs = Callable[[int, int], Mapping[str, "NDArray[Any]"]]

FLOAT64, FLOAT32 = "float64 on the CPU by torch", "float32 on the CPU by torch: the model does not run in float64"
_DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


class TorchSubject:
    """A module, and how its inputs are made.

    Args:
        digest: Of what it is made from.
        module: Makes the module.
        inputs: Makes inputs.
    """

    def __init__(self, digest: str, module: MakeModule, inputs: MakeInputs) -> None:
        self.digest = digest
        self._module = module
        self._inputs = inputs
        self._reference: tuple[Any, str] | None = None

    def inputs(self, batch_size: int, seed: int) -> Mapping[str, "NDArray[Any]"]:
        """Make inputs."""
        return self._inputs(batch_size, seed)

    def reference(self, inputs: Mapping[str, "NDArray[Any]"]) -> Reference:
        """The module in float64 on the CPU, else in float32."""
        torch = import_torch()
        if self._reference is None:
            self._reference = (self._module().to(torch.float64), FLOAT64)
        module, how = self._reference
        try:
            return Reference(outputs=tuple(_call(module, inputs, "cpu", _dtype_of(torch, how))), how=how)
        except Exception:
            if how == FLOAT32:
                raise
            self._reference = (self._module(), FLOAT32)  # exported graphs may hold types as constants
            return self.reference(inputs)

    def load(self, precision: str, place: Place) -> "LoadedTorch":
        """Make the module in a precision on a device."""
        torch = import_torch()
        if precision not in _DTYPES:
            raise BadInputError(f"unsupported: {precision} with torch; it has {', '.join(_DTYPES)}")
        return LoadedTorch(self._module, getattr(torch, _DTYPES[precision]), _device(torch, place.tag), place.threads)


class LoadedTorch:
    """A module on its device."""

    def __init__(self, make: MakeModule, dtype: Any, device: str, threads: int) -> None:  # noqa: ANN401  # torch's
        torch = import_torch()
        self.runtime = f"torch {torch.__version__}"
        self._torch = torch
        self._dtype = dtype
        self._device = device
        self._threads = threads
        # fp32 is to be fp32: no TF32 on NVIDIA
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        if device != "cpu":
            torch.cuda.reset_peak_memory_stats()
        begin = time.perf_counter()
        self._module = make().to(dtype).to(device)
        self._synchronise()
        self.load_s = time.perf_counter() - begin
        self.output_names: Sequence[str] = ()

    def run(self, inputs: Mapping[str, "NDArray[Any]"]) -> Sequence["NDArray[Any]"]:
        """One call; values are copied to the device and back where there is one."""
        self._torch.set_num_threads(self._threads)
        outputs = _call(self._module, inputs, self._device, self._dtype)
        self.output_names = tuple(f"output_{number}" for number in range(len(outputs)))
        return outputs

    def placement(self, inputs: Mapping[str, "NDArray[Any]"]) -> Placement:
        """Run once while every operator of torch is counted by the device and type of its result."""
        with counting() as counted:
            _call(self._module, inputs, self._device, self._dtype)
        return Placement(nodes=counted.devices, types=counted.types, wanted=self._device)

    def device_bytes(self) -> int | None:
        """What torch's allocator held at most since this was loaded."""
        if self._device == "cpu":
            return None
        return int(self._torch.cuda.max_memory_allocated())

    def _synchronise(self) -> None:
        if self._device != "cpu":
            self._torch.cuda.synchronize()


def _device(torch: Any, tag: str) -> str:  # noqa: ANN401  # torch's
    """The device of a tag; the environment shows the slot's own alone, so it is the first.

    Raises:
        RanElsewhereError: This torch cannot use it.
    """
    if tag == "cpu":
        return "cpu"
    if tag not in ("cuda", "rocm"):
        raise RanElsewhereError(f"dtf does not know how torch uses {tag}")
    made_for = torch.version.cuda if tag == "cuda" else torch.version.hip
    if not made_for:
        raise RanElsewhereError(f"torch {torch.__version__} is not made for {tag}")
    if not torch.cuda.is_available():
        raise RanElsewhereError(f"torch {torch.__version__} sees no {tag} device")
    return "cuda:0"  # ROCm has the same name


def _call(module: Any, inputs: Mapping[str, "NDArray[Any]"], device: str, dtype: Any) -> list["NDArray[Any]"]:  # noqa: ANN401  # torch's
    torch = import_torch()
    from torch.utils._pytree import tree_leaves  # noqa: PLC0415  # no dependency of dtf

    with torch.inference_mode():
        given = []
        for value in inputs.values():
            tensor = torch.from_numpy(value)
            given.append(tensor.to(device, dtype) if tensor.is_floating_point() else tensor.to(device))
        found = module(*given)
        return [_to_numpy(torch, one) for one in tree_leaves(found) if torch.is_tensor(one)]


def _to_numpy(torch: Any, tensor: Any) -> "NDArray[Any]":  # noqa: ANN401  # torch's
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    array: NDArray[Any] = tensor.cpu().numpy()
    return array


def _dtype_of(torch: Any, how: str) -> Any:  # noqa: ANN401  # torch's
    return torch.float64 if how == FLOAT64 else torch.float32
