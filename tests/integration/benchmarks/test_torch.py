"""Needs torch, which is no dependency of dtf: these run where it is installed."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from dtf.domain.outcome import Outcome
from tests.integration.benchmarks.harness import Bed, figures, with_bed


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_built_ins_run_in_torch_with_the_same_weights(tmp_path: Path, precision: str) -> None:
    """In each precision the outputs are those of the reference within its tolerance."""

    async def work(bed: Bed) -> None:
        for model in ("mlp", "cnn", "bert"):
            result = await bed.measure(model=model, runtime="torch", precision=precision, batch_sizes=(1, 2))
            assert (result.outcome, result.reason) == (Outcome.PASSED, "")
            assert json.loads(result.proof["providers"])["cpu"] > 5
            assert figures(result)["parity_max_rel"] < figures(result)["parity_tolerance"]

    with_bed(tmp_path, work)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # users have such files still
def test_files_of_torch_are_measured(tmp_path: Path) -> None:
    """An exported program says what it takes; TorchScript needs a file beside it."""
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).eval()
    batch = torch.export.Dim("batch")
    torch.export.save(torch.export.export(net, (torch.randn(2, 4),), dynamic_shapes=({0: batch},)), tmp_path / "a.pt2")
    torch.jit.trace(net, torch.randn(1, 4)).save(str(tmp_path / "b.pt"))

    async def work(bed: Bed) -> None:
        assert (await bed.measure(model="a.pt2", batch_sizes=(1, 8))).outcome is Outcome.PASSED
        bare = await bed.measure(model="b.pt")
        assert bare.outcome is Outcome.ERROR
        assert "b.pt.inputs.json" in bare.reason
        (tmp_path / "b.pt.inputs.json").write_text('[{"name": "x", "dtype": "float32", "shape": [null, 4]}]')
        assert (await bed.measure(model="b.pt", batch_sizes=(3,))).outcome is Outcome.PASSED
        int8 = await bed.measure(model="a.pt2", precision="int8")
        assert int8.reason.startswith("unsupported: int8 with torch")

    with_bed(tmp_path, work)


def test_a_model_of_the_hub_is_measured_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the worker's cache needs no network; what does not is told with what to do."""
    transformers = pytest.importorskip("transformers")
    home = tmp_path / "cache" / "hub" / "models--me--tiny"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("abc123")
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    transformers.BertModel(transformers.BertConfig(vocab_size=50, **small)).save_pretrained(home / "snapshots/abc123")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody answers there

    async def work(bed: Bed) -> None:
        result = await bed.measure(model="me/tiny", batch_sizes=(1, 2))
        assert (result.outcome, result.reason) == (Outcome.PASSED, "")
        assert result.proof["model_digest"] == "hub me/tiny abc123"
        absent = await bed.measure(model="me/absent")
        assert absent.outcome is Outcome.ERROR
        assert "the hub did not give it" in absent.reason

    with_bed(tmp_path, work)
