"""Where onnxruntime put a model's nodes, by its own log."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: What onnxruntime calls a provider of onnxruntime-web; WebAssembly is its CPU.
PROVIDERS: Mapping[str, str] = {
    "wasm": "CPUExecutionProvider",
    "webgpu": "WebGpuExecutionProvider",
    "webnn": "WebNNExecutionProvider",
}

_ALL = re.compile(r"All nodes placed on \[(\w+)\]\. Number of nodes: (\d+)")
_SOME = re.compile(r"Node\(s\) placed on \[(\w+)\]\. Number of nodes: (\d+)")
_NODE = re.compile(r"VerifyEachNodeIsAssignedToAnEp\]\s+(\w+) \((.*)\)")
_FUSED = re.compile(r"number of nodes supported by WebNN: (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How many nodes each provider took.

    Attributes:
        nodes: By onnxruntime's name of the provider. Copies between providers are no nodes of the model and not
            counted. WebNN takes nodes as one; those are counted.
        operators: By provider how many of each operator, where onnxruntime lists them: it does not when one provider
            took all.
    """

    nodes: Mapping[str, int] = field(default_factory=dict)
    operators: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def on(self, provider: str) -> int:
        """The nodes on one of ``PROVIDERS``."""
        return self.nodes.get(PROVIDERS[provider], 0)

    def others(self, provider: str) -> str:
        """What went elsewhere, for people: ``2 on CPUExecutionProvider (Cast, Unsqueeze)``; empty: nothing."""
        return "; ".join(
            f"{count} on {name}{self._listed(name)}"
            for name, count in self.nodes.items()
            if name != PROVIDERS[provider]
        )

    def _listed(self, name: str) -> str:
        operators = self.operators.get(name)
        return f" ({', '.join(sorted(operators))})" if operators else ""


def read_placement(lines: Iterable[str]) -> Placement:
    """Read the lines of onnxruntime's session log; those of subgraphs are added to the graph's."""
    nodes: Counter[str] = Counter()
    operators: dict[str, Counter[str]] = {}
    provider = ""
    fused = 0
    for line in lines:
        if found := _FUSED.search(line):
            fused = int(found[1])
        elif found := _ALL.search(line):
            nodes[found[1]] += int(found[2])
        elif found := _SOME.search(line):
            provider = found[1]
        elif provider and (found := _NODE.search(line)) and not found[1].startswith("Memcpy"):
            nodes[provider] += 1
            operators.setdefault(provider, Counter())[found[1]] += 1
    if nodes[PROVIDERS["webnn"]]:
        nodes[PROVIDERS["webnn"]] = fused
    return Placement(nodes=dict(+nodes), operators={name: dict(ops) for name, ops in operators.items()})
