"""What a result says about the hardware that it names."""

import json
from collections.abc import Mapping, Sequence

from dtf.domain.proof import DEGRADED, DEVICE_NAME, ELSEWHERE, EVIDENCE, PROVIDERS, SIMULATED, SOFTWARE, YES, Standing

#: ONNX Runtime's execution providers by the hardware tag that they show the use of.
_PROVIDERS_OF = {
    "cuda": ("CUDAExecutionProvider", "TensorrtExecutionProvider", "NvTensorRTRTXExecutionProvider"),
    "rocm": ("ROCMExecutionProvider", "MIGraphXExecutionProvider"),
    "webgpu": ("WebGpuExecutionProvider",),
    "openvino": ("OpenVINOExecutionProvider",),
    "qualcomm": ("QNNExecutionProvider",),
    "mps": ("CoreMLExecutionProvider",),
}
#: WebNN's provider takes nodes on whatever the browser chooses, and the browser does not tell what: it shows nothing.
_WEBNN = ("WebNNExecutionProvider",)
_PROVIDERS_OF["gpu"] = _PROVIDERS_OF["cuda"] + _PROVIDERS_OF["rocm"]

#: Those of which a sentence is worth having, the gravest first.
_SENTENCES: Mapping[Standing, str] = {
    Standing.ELSEWHERE: "ran elsewhere than on the hardware that was asked for",
    Standing.DEGRADED: "degraded: on fallback hardware, as the breakers of what was asked for were open",
    Standing.SIMULATED: "on simulated devices, which exist by declaration only",
    Standing.SOFTWARE: "on software adapters, which stand in for the hardware",
    Standing.NOT_PROVEN: "on hardware whose use nothing shows",
}


def standing(hardware: str, proof: Mapping[str, str], properties: Mapping[str, str] | None = None) -> Standing:
    """What the result of an attempt says about its hardware tag.

    Args:
        hardware: The tag that was asked for.
        proof: The attempt's proof.
        properties: What the test recorded; its ``providers`` show the use of a device as the proof's do.
    """
    if proof.get(ELSEWHERE):
        return Standing.ELSEWHERE
    if proof.get(DEGRADED):
        return Standing.DEGRADED
    if proof.get(SIMULATED) == YES:
        return Standing.SIMULATED
    if proof.get(SOFTWARE) == YES:
        return Standing.SOFTWARE
    if hardware == "cpu":  # whatever ran, ran on the CPU of the host that says so
        return Standing.PROVEN if proof else Standing.NOT_PROVEN
    told = [word.get(PROVIDERS, "") for word in (proof, properties or {})]
    if any(_takes_nodes(_PROVIDERS_OF.get(hardware, ()), providers) for providers in told):
        return Standing.PROVEN
    if hardware == "webnn" or any(_takes_nodes(_WEBNN, providers) for providers in told):
        return Standing.NOT_PROVEN
    return Standing.PROVEN if proof.get(EVIDENCE) else Standing.NOT_PROVEN


def standing_line(counts: Mapping[Standing, Mapping[str, int]]) -> str:
    """One line on the results that do not stand for the hardware they name; empty: all do.

    Args:
        counts: By standing, how many results there are by hardware tag.
    """
    parts = []
    for kind, sentence in _SENTENCES.items():
        by_tag = {tag: count for tag, count in counts.get(kind, {}).items() if count}
        if by_tag:
            total = sum(by_tag.values())
            parts.append(f"{total} result{'s' if total != 1 else ''} ({', '.join(sorted(by_tag))}) {sentence}")
    return "; ".join(parts)


def device_names(proof: Mapping[str, str]) -> str:
    """The devices of a proof as one name: equal ones counted, the others joined."""
    names = [name.strip() for name in proof.get(DEVICE_NAME, "").split(";") if name.strip()]
    counted = {name: names.count(name) for name in names}
    return " + ".join(name if count == 1 else f"{count} x {name}" for name, count in counted.items())


def _takes_nodes(names: Sequence[str], providers: str) -> bool:
    """Whether one of these providers took nodes, as JSON such as ``{"CUDAExecutionProvider": 12}`` says."""
    try:
        placed = json.loads(providers) if providers else {}
    except ValueError:
        return False
    if not isinstance(placed, dict):
        return False
    return any(isinstance(placed.get(name), int) and placed[name] > 0 for name in names)
