from hypothesis import given
from hypothesis import strategies as st

from dtf.analysis.injected import COUNTED, injection_counts

_NAMES = st.sampled_from(("crash mild", "gpu_error severe", "timeout moderate"))
_TOLD = st.fixed_dictionaries(
    {"injection": _NAMES, "confirmed": st.booleans(), "recorded": st.booleans(), "refused": st.just("")}
) | st.builds(
    lambda name: {"injection": "", "confirmed": False, "recorded": False, "refused": f"{name}: no GPU here"}, _NAMES
)


@given(st.lists(_TOLD))
def test_each_was_met_or_refused(told: list[dict[str, object]]) -> None:
    """By its failure, once; what was refused was neither confirmed nor told to a breaker."""
    counts = injection_counts(told)
    assert list(counts) == sorted(counts)
    assert sum(one["met"] + one["refused"] for one in counts.values()) == len(told)
    for counted in ("confirmed", "recorded"):
        assert sum(one[counted] for one in counts.values()) == sum(bool(one[counted]) for one in told)
    assert all(set(one) == set(COUNTED) for one in counts.values())
