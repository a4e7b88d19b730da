import pytest

from dtf.domain.errors import BadInputError
from dtf.domain.proof import degradation
from dtf.domain.tasks.fallback import check_fallback
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork, CommandWork, Work

COMMAND = CommandWork(argv=("true",))
PAGE = BrowserWork(check=BrowserCheck.PAGE, target="a.html")


def test_a_fallback_names_queues_in_canonical_form() -> None:
    """In the order of choice; what narrows one stands in its brackets; twice the same is a mistake."""
    found = check_fallback(["webgpu", " cpu [Cores >= 4] "], hardware="cuda", work=COMMAND)
    assert found == ("webgpu", "cpu[cores>=4]")
    with pytest.raises(BadInputError, match=r"cpu\[cores>=4\] is named 2 times"):
        check_fallback(["cpu[Cores >= 4]", "cpu[cores>=4]"], hardware="cuda", work=COMMAND)
    assert check_fallback(["webnn"], hardware="webgpu", work=PAGE) == ("webnn",)


@pytest.mark.parametrize(
    ("queue", "hardware", "work", "part"),
    [
        ("cuda", "cuda", COMMAND, "asked for already"),
        ("cuda[vram_gb>=80]", "cuda", COMMAND, "asked for already"),
        ("gpu", "rocm", COMMAND, "gpu means cuda or rocm already"),
        ("cuda", "gpu", COMMAND, "gpu means cuda or rocm already"),
        ("", "cuda", COMMAND, "a name is empty"),
        ("[cores>=4]", "cuda", COMMAND, "a name is empty"),
        ("rubbish thing", "cuda", COMMAND, "unknown hardware 'rubbish thing'"),
        ("cpux", "cuda", COMMAND, "did you mean 'cpu'?"),
        ("cpu[cores>>4]", "cuda", COMMAND, "cannot be read"),
        ("cpu[", "cuda", COMMAND, "no name of a queue"),
        ("cpu", "webgpu", PAGE, "a browser task runs on webgpu or webnn"),
        ("webgpu", "cuda", BenchmarkWork(model="mlp"), "only a browser reaches that"),
    ],
)
def test_what_cannot_stand_in_is_refused(queue: str, hardware: str, work: Work, part: str) -> None:
    """The message says why."""
    with pytest.raises(BadInputError) as caught:
        check_fallback([queue], hardware=hardware, work=work)
    assert part in str(caught.value)


def test_a_degradation_names_both() -> None:
    """There is none where a result comes from what was asked for."""
    assert degradation("cuda", "cpu") == "cuda -> cpu"
    assert degradation("cuda", "cuda") == ""
