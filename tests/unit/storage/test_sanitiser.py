import json
import math

from hypothesis import given
from hypothesis import strategies as st

from dtf.domain.case import CaseResult
from dtf.domain.codec import to_json
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.shard import Artifact, AttemptResult, Metric
from dtf.storage.sanitiser import clean_details, clean_integer, clean_number, clean_result, clean_text

#: Any text at all, lone surrogates and NUL included.
texts = st.text(st.characters(exclude_categories=()))
floats = st.floats(allow_nan=True, allow_infinity=True)
integers = st.integers(-(2**80), 2**80)

results = st.builds(
    AttemptResult,
    shard_id=st.just("s"),
    attempt=st.just(1),
    worker_id=texts,
    slot=integers,
    outcome=st.sampled_from(Outcome),
    reason=texts,
    cases=st.lists(
        st.builds(
            CaseResult,
            ordinal=st.just(0),
            nodeid=texts,
            outcome=st.sampled_from(CaseOutcome),
            phase=texts,
            duration_s=floats,
            message=texts,
            details=texts,
            output=texts,
            started_at=floats,
            crashes=integers,
        ),
        max_size=2,
    ).map(tuple),
    manifest=st.none(),
    exit_code=st.none() | integers,
    signal=st.none() | integers,
    started_at=floats,
    duration_s=floats,
    cpu_s=floats,
    max_rss_bytes=integers,
    metrics=st.lists(st.builds(Metric, name=texts, value=st.just(1.0), unit=texts), max_size=2).map(tuple),
    artifacts=st.lists(st.builds(Artifact, name=texts, digest=texts, size=integers, media_type=texts), max_size=2).map(
        tuple
    ),
    proof=st.dictionaries(texts, texts, max_size=3),
)


@given(texts, st.integers(60, 200))
def test_clean_text_is_storable_and_stays_clean(text: str, cap: int) -> None:
    """Cleaned text has no NUL, encodes as UTF-8, keeps its cap, and cleaning it again changes nothing."""
    cleaned = clean_text(text, cap)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert len(cleaned) <= cap
    assert clean_text(cleaned, cap) == cleaned


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100))
def test_good_text_is_left_alone(text: str) -> None:
    """Text that both databases take is not touched."""
    assert clean_text(text) == text


def test_what_was_changed_can_be_seen() -> None:
    """The mark shows what stood there, or how much was cut."""
    assert clean_text("a\0b\ud800c\udcff") == "a␀b\\ud800c\\udcff"
    cut = clean_text("x" * 1000, 100)
    assert cut.startswith("xxx")
    assert cut.endswith("[900 more characters were not kept]")


@given(floats)
def test_numbers_are_finite(value: float) -> None:
    """A finite number is kept, anything else becomes 0."""
    assert clean_number(value) == (value if math.isfinite(value) else 0.0)


@given(integers)
def test_integers_fit(value: int) -> None:
    """An integer fits eight bytes and is changed only if it did not."""
    cleaned = clean_integer(value)
    assert -(2**63) <= cleaned < 2**63
    assert cleaned == value or abs(value) >= 2**63


@given(results)
def test_clean_result_is_storable_and_stays_clean(result: AttemptResult) -> None:
    """Whatever a worker reports can be written as strict JSON in UTF-8, and cleaning it again changes nothing."""
    cleaned = clean_result(result)
    text = json.dumps(to_json(cleaned), ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in text
    text.encode()
    assert clean_result(cleaned) == cleaned
    assert (cleaned.outcome, len(cleaned.cases)) == (result.outcome, len(result.cases))


@given(st.dictionaries(texts, texts | floats | st.booleans() | st.integers(-(2**60), 2**60), max_size=4))
def test_details_are_strict_json(details: dict[str, str | float | bool]) -> None:
    """What a probe read can be written as strict JSON."""
    json.dumps(clean_details(details), allow_nan=False, ensure_ascii=False).encode()
