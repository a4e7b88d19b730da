import pytest

pytest.importorskip("onnx")

import numpy as np
import onnx

from dtf.domain.errors import BadInputError
from dtf.execution.models.builtin import BUILTIN_MODELS, build_onnx, input_spec, make_inputs


@pytest.mark.parametrize("name", BUILTIN_MODELS)
def test_a_seed_gives_the_same_bytes_and_another_seed_others(name: str) -> None:
    """A built-in model is its name and its seed."""
    assert build_onnx(name, 3) == build_onnx(name, 3)
    assert build_onnx(name, 3) != build_onnx(name, 4)


@pytest.mark.parametrize("name", BUILTIN_MODELS)
def test_the_batch_is_dynamic_and_rows_do_not_depend_on_each_other(name: str) -> None:
    """The first row's output is the same alone and in a batch, and the seed changes it."""
    ort = pytest.importorskip("onnxruntime")
    model = build_onnx(name, 0)
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = make_inputs(model, 4, 0)
    alone = {key: value[:1] for key, value in inputs.items()}
    (batch,), (one,) = session.run(None, inputs), session.run(None, alone)
    assert batch.shape[0] == 4
    np.testing.assert_allclose(batch[:1], one, rtol=1e-4, atol=1e-5)
    assert np.abs(batch[0] - batch[1]).max() > 1e-3
    (other,) = ort.InferenceSession(build_onnx(name, 1), providers=["CPUExecutionProvider"]).run(None, inputs)
    assert np.abs(batch - other).max() > 1e-3


def test_an_attention_mask_takes_tokens_out() -> None:
    """What the mask leaves out has no influence on the output."""
    ort = pytest.importorskip("onnxruntime")
    model = build_onnx("bert", 0)
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = make_inputs(model, 1, 0)
    inputs["attention_mask"][:, 8:] = 0
    changed = {**inputs, "input_ids": inputs["input_ids"].copy()}
    changed["input_ids"][:, 8:] = (changed["input_ids"][:, 8:] + 1) % 1000
    (first,), (second,) = session.run(None, inputs), session.run(None, changed)
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


def test_inputs_follow_their_seed_and_the_table_that_they_index() -> None:
    """Token ids are in the vocabulary, masks are ones, and a seed gives the same values."""
    model = build_onnx("bert", 0)
    inputs, again, others = make_inputs(model, 64, 1), make_inputs(model, 64, 1), make_inputs(model, 64, 2)
    assert list(inputs) == ["input_ids", "attention_mask"]
    assert 900 < inputs["input_ids"].max() < 1000
    assert inputs["attention_mask"].min() == 1
    assert (inputs["input_ids"] == again["input_ids"]).all()
    assert (inputs["input_ids"] != others["input_ids"]).any()


def test_a_fixed_batch_is_told() -> None:
    """A model with a batch of its own refuses another one, by name."""
    model = onnx.load_from_string(build_onnx("mlp", 0))
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    fixed = model.SerializeToString()
    assert input_spec(fixed)[0].shape == (2, 64)
    with pytest.raises(BadInputError, match=r"'input' has a fixed first dimension of 2: a batch of 8"):
        make_inputs(fixed, 8)


def test_a_model_without_a_batch_takes_a_batch_of_one() -> None:
    """Numbers would be multiplied by a batch that no input has; an input beside a batched one may be a scalar."""
    model = onnx.load_from_string(build_onnx("mlp", 0))
    del model.graph.input[0].type.tensor_type.shape.dim[:]
    scalar = model.SerializeToString()
    assert make_inputs(scalar, 1)["input"].shape == ()
    with pytest.raises(BadInputError, match=r"only a batch of 1 fits, not 4"):
        make_inputs(scalar, 4)


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x00" * 100])
def test_what_is_no_model_is_told(content: bytes) -> None:
    """Garbage is bad input, not a crash."""
    with pytest.raises(BadInputError, match="no ONNX model"):
        input_spec(content)


def test_an_unknown_name_lists_what_there_is() -> None:
    """The message names the built-in models."""
    with pytest.raises(BadInputError, match="there are mlp, cnn, bert"):
        build_onnx("gpt")
