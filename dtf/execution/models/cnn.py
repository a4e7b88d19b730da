"""A small convolutional network."""

import itertools

from dtf.execution.models.graph_builder import GraphBuilder

_CHANNELS = (3, 16, 32, 64)
_SIZE, _CLASSES = 32, 10


def build_cnn(seed: int) -> bytes:
    """Three stages of convolution and pooling, the last with a residual block.

    ``input`` [batch, 3, 32, 32] to ``output`` [batch, 10]; 0.4 MB.
    """
    graph = GraphBuilder("cnn", seed)
    last = "input"
    for before, after in itertools.pairwise(_CHANNELS):
        last = graph.node("Relu", _convolution(graph, last, before, after))
        last = graph.node("MaxPool", last, kernel_shape=[2, 2], strides=[2, 2])
    branch = graph.node("Relu", _convolution(graph, last, _CHANNELS[-1], _CHANNELS[-1]))
    branch = _convolution(graph, branch, _CHANNELS[-1], _CHANNELS[-1])
    last = graph.node("Relu", graph.node("Add", branch, last))
    last = graph.node("Flatten", graph.node("GlobalAveragePool", last), axis=1)
    weight, bias = graph.weight(_CHANNELS[-1], _CLASSES, scale=0.2), graph.weight(_CLASSES, scale=0.1)
    graph.node("Gemm", last, weight, bias, output="output")
    return graph.model([("input", 1, ["batch", _CHANNELS[0], _SIZE, _SIZE])], ("output", ["batch", _CLASSES]))


def _convolution(graph: GraphBuilder, last: str, before: int, after: int) -> str:
    weight = graph.weight(after, before, 3, 3, scale=(2 / (before * 9)) ** 0.5)
    return graph.node(
        "Conv", last, weight, graph.weight(after, scale=0.1), kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1]
    )
