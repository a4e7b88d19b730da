"""A multilayer perceptron."""

import itertools

from dtf.execution.models.graph_builder import GraphBuilder

_WIDTHS = (64, 256, 256, 10)


def build_mlp(seed: int) -> bytes:
    """Three layers with ReLU between them: ``input`` [batch, 64] to ``output`` [batch, 10]; 0.3 MB."""
    graph = GraphBuilder("mlp", seed)
    last = "input"
    for number, (wide, narrow) in enumerate(itertools.pairwise(_WIDTHS), start=1):
        weight, bias = graph.weight(wide, narrow, scale=(2 / wide) ** 0.5), graph.weight(narrow, scale=0.1)
        ends = number == len(_WIDTHS) - 1
        last = graph.node("Gemm", last, weight, bias, output="output" if ends else "")
        last = last if ends else graph.node("Relu", last)
    return graph.model([("input", 1, ["batch", _WIDTHS[0]])], ("output", ["batch", _WIDTHS[-1]]))
