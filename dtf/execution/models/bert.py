"""A BERT-shaped encoder."""

from dtf.execution.models.graph_builder import GraphBuilder

#: Words, longest sequence, width, attention heads, layers, and the width between the layers.
VOCABULARY, _POSITIONS, _WIDTH, _HEADS, _LAYERS, _INNER = 1000, 128, 128, 4, 2, 512
_INT64 = 7  # onnx.TensorProto.INT64
_SCALE = 0.08


def build_bert(seed: int) -> bytes:
    """Embeddings, two encoder layers (attention with a mask, layer norm, GELU by erf) and a pooler.

    ``input_ids`` and ``attention_mask`` [batch, sequence] of int64 to ``output`` [batch, 128]; 2.3 MB. The sequence
    has at most 128 tokens, the vocabulary 1000.
    """
    graph = GraphBuilder("bert", seed)
    mask = _additive_mask(graph)
    last = _embeddings(graph)
    for _ in range(_LAYERS):
        last = _norm(graph, graph.node("Add", last, _attention(graph, last, mask)))
        last = _norm(graph, graph.node("Add", last, _feed_forward(graph, last)))
    first = graph.node("Gather", last, graph.constant(0), axis=1)
    graph.node("Tanh", _linear(graph, first, _WIDTH, _WIDTH), output="output")
    shape: list[str | int] = ["batch", "sequence"]
    return graph.model([("input_ids", _INT64, shape), ("attention_mask", _INT64, shape)], ("output", ["batch", _WIDTH]))


def _embeddings(graph: GraphBuilder) -> str:
    words = graph.node("Gather", graph.weight(VOCABULARY, _WIDTH, scale=0.5), "input_ids", axis=0)
    length = graph.node("Gather", graph.node("Shape", "input_ids"), graph.constant([1]), axis=0)
    places = graph.weight(_POSITIONS, _WIDTH, scale=0.5)
    places = graph.node("Slice", places, graph.constant([0]), length, graph.constant([0]))
    return _norm(graph, graph.node("Add", words, places))


def _additive_mask(graph: GraphBuilder) -> str:
    """0 where a token counts, -10000 where it does not, which half precision can hold: [batch, 1, 1, sequence]."""
    spread = graph.node("Unsqueeze", "attention_mask", graph.constant([1, 2]))
    absent = graph.node("Sub", graph.constant(1.0), graph.node("Cast", spread, to=1))
    return graph.node("Mul", absent, graph.constant(-10000.0))


def _attention(graph: GraphBuilder, last: str, mask: str) -> str:
    head = _WIDTH // _HEADS
    split = graph.constant([0, 0, _HEADS, head])
    query, key, value = (
        graph.node("Transpose", graph.node("Reshape", _linear(graph, last, _WIDTH, _WIDTH), split), perm=order)
        for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )
    scores = graph.node("Div", graph.node("MatMul", query, key), graph.constant(float(head) ** 0.5))
    weights = graph.node("Softmax", graph.node("Add", scores, mask), axis=-1)
    mixed = graph.node("Transpose", graph.node("MatMul", weights, value), perm=[0, 2, 1, 3])
    return _linear(graph, graph.node("Reshape", mixed, graph.constant([0, 0, _WIDTH])), _WIDTH, _WIDTH)


def _feed_forward(graph: GraphBuilder, last: str) -> str:
    inner = _linear(graph, last, _WIDTH, _INNER)
    erf = graph.node("Erf", graph.node("Div", inner, graph.constant(2.0**0.5)))
    half = graph.node("Mul", inner, graph.constant(0.5))
    return _linear(graph, graph.node("Mul", half, graph.node("Add", erf, graph.constant(1.0))), _INNER, _WIDTH)


def _linear(graph: GraphBuilder, last: str, before: int, after: int) -> str:
    product = graph.node("MatMul", last, graph.weight(before, after, scale=_SCALE))
    return graph.node("Add", product, graph.weight(after, scale=_SCALE))


def _norm(graph: GraphBuilder, last: str) -> str:
    import numpy as np  # noqa: PLC0415  # the models extra

    one = graph.constant(np.ones(_WIDTH, dtype=np.float32))
    return graph.node("LayerNormalization", last, one, graph.weight(_WIDTH, scale=0.02), axis=-1, epsilon=1e-5)
