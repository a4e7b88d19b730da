import pytest

from dtf.domain.errors import BadInputError
from dtf.domain.injection import read_injection


@pytest.mark.parametrize(
    "text",
    [
        "hang severe mild",
        "crash timeout",
        "crash timeout mild",
        "crash,timeout mild",
        "crash mild, timeout severe",
        "severe crash",
        "crash severe yaml",
        "crash",
        "",
    ],
)
def test_one_failure_has_one_type_and_one_intensity(text: str) -> None:
    """What names more, or less, is quoted whole, and no word of it is blamed."""
    with pytest.raises(BadInputError) as caught:
        read_injection(text)
    told = str(caught.value)
    assert told.startswith(f"{text!r} is not a failure to inject: write one type (connection_failure, ")
    assert "and one intensity (mild, moderate, severe), as in 'gpu_error severe'; an api_error" in told


def test_a_word_that_is_none_is_blamed_alone() -> None:
    """With what may have been meant."""
    with pytest.raises(BadInputError, match=r"unknown type of failure 'gpu_eror' \(did you mean 'gpu_error'\?\)"):
        read_injection("gpu_eror severe")
    with pytest.raises(BadInputError, match="unknown intensity 'worst'"):
        read_injection("gpu_error worst")
    assert read_injection(" api_error  mild module=yaml ").what == "module=yaml"
