import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtf.domain.errors import BadInputError
from dtf.domain.queue import base_tag, canonical_queue, queue_name, split_queue
from dtf.domain.requirement import (
    MOST_REQUIREMENTS,
    Comparison,
    Requirement,
    device_count,
    normalise_requirements,
    parse_requirement,
)

NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,20}", fullmatch=True).filter(lambda name: name != "devices")
NUMBERS = st.integers(0, 10**6).map(str) | st.decimals(0, 1000, places=2).map(str)
WORDS = st.from_regex(r"[a-z0-9][a-z0-9_.+:-]{0,20}", fullmatch=True)
TEXTS = st.one_of(
    NAMES,
    st.tuples(NAMES, st.sampled_from(["=", "!="]), WORDS).map("".join),
    st.tuples(NAMES, st.sampled_from([">=", "<=", ">", "<"]), NUMBERS).map("".join),
    st.integers(1, 64).map(lambda count: f"devices={count}"),
)
HOSTILE = {
    "nothing": "",
    "spaces": "   ",
    "a line break": "vram_gb>=24\n",
    "two lines": "webnn\nbrowser=firefox",
    "a tab": "vram_gb\t>=24",
    "a NUL": "webnn\0",
    "an escape": "web\x1b[2Jnn",
    "brackets": "cuda[webnn]",
    "a semicolon": "webnn;browser=firefox",
    "a comma": "webnn,browser=firefox",
    "code": "__import__('os').system('true')",
    "a call": "exec(1)>=1",
    "arithmetic": "vram_gb>=2*12",
    "unicode digits": "vram_gb>=٢٤",
    "full width": "\uff56ram_gb>=24",
    "a dotless i": "gpu=m\u0131300",
    "a no-break space": "vram_gb>=24\u00a0",
    "half a surrogate": "webnn\udc80",
    "ten kilobytes": "a" * 10_000,
    "ten kilobytes of spaces": " " * 10_000 + "webnn",
    "many digits": "vram_gb>=" + "9" * 5_000,
    "two signs": "vram_gb>==24",
    "no value": "vram_gb>=",
    "no name": ">=24",
    "a word for a number": "vram_gb>=much",
    "not a number": "vram_gb>=nan",
    "infinity": "vram_gb>=inf",
    "too large": "vram_gb>=1e999",
    "a word for an amount": "vram_gb=lots",
    "an amount without a number": "memory_gb",
    "a negative amount": "cores>=-1",
    "no device": "devices=0",
    "half a device": "devices=1.5",
    "too many devices": "devices=65",
    "devices of any number": "devices>=2",
    "devices alone": "devices",
    "a device count with a sign": "devices=+2",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_one_clear_line(name: str) -> None:
    """A hostile text is refused in one short line that can be printed and shows how one is written."""
    with pytest.raises(BadInputError) as caught:
        parse_requirement(HOSTILE[name])
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 300
    assert "requirement " in message


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else than ``BadInputError`` comes out, and what is read holds no character of a queue's own syntax."""
    try:
        told = parse_requirement(text).text
    except BadInputError as error:
        told = str(error)
    else:
        assert not set(told) & set("[]; ")
        assert parse_requirement(told).text == told
    assert told.isprintable()


@given(TEXTS)
def test_a_requirement_survives_spaces_and_capitals(text: str) -> None:
    """It reads the same with spaces between its characters and in capitals."""
    assert parse_requirement(" ".join(text.upper())) == parse_requirement(text)


@given(st.lists(TEXTS.filter(lambda text: "devices" not in text), max_size=MOST_REQUIREMENTS), st.randoms())
def test_equal_wishes_share_a_queue(texts: list[str], chance: object) -> None:
    """Order and repetition do not matter, and a queue's name gives back what it was made of."""
    shuffled = [*texts, *texts]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types its Random as an object
    queue = queue_name("cuda", texts)
    assert queue_name("cuda", shuffled) == queue
    tag, requirements = split_queue(queue)
    assert (tag, base_tag(queue)) == ("cuda", "cuda")
    assert tuple(requirement.text for requirement in requirements) == normalise_requirements(texts)


def test_the_parts_of_a_requirement() -> None:
    """Name, comparison and value."""
    assert parse_requirement("VRAM_GB >= 24") == Requirement(name="vram_gb", comparison=Comparison.AT_LEAST, value="24")
    assert parse_requirement("browser!=Firefox").text == "browser!=firefox"
    assert parse_requirement("webnn").comparison is Comparison.HAS


def test_devices() -> None:
    """One device is what every job gets; a count is written one way."""
    assert normalise_requirements(["devices=1", "webnn"]) == ("webnn",)
    assert normalise_requirements(["devices=02", "devices=2"]) == ("devices=2",)
    assert queue_name("cuda", ["devices=01"]) == "cuda"
    assert device_count(split_queue("cuda[devices=2;webnn]")[1]) == 2
    assert device_count(()) == 1
    with pytest.raises(BadInputError, match="once only"):
        normalise_requirements(["devices=2", "devices=3"])


def test_all_problems_at_once() -> None:
    """Each bad text has its line; of very many the first are told."""
    with pytest.raises(BadInputError) as caught:
        normalise_requirements(["webnn", "a b c(", "vram_gb>=x", "a b c("])
    assert len(str(caught.value).split("\n")) == 2
    with pytest.raises(BadInputError) as caught:
        normalise_requirements(f"{number}!" for number in range(1000))
    assert len(str(caught.value).split("\n")) == MOST_REQUIREMENTS
    with pytest.raises(BadInputError, match="a job may have 16 requirements, not 17"):
        normalise_requirements(f"tag{number}" for number in range(17))


@pytest.mark.parametrize("queue", ["cuda[", "cuda[webnn", "cuda[]", "cuda[web nn;]", "cuda[a;;b]"])
def test_a_name_that_is_no_queue(queue: str) -> None:
    """What ``queue_name`` does not make is refused."""
    with pytest.raises(BadInputError):
        split_queue(queue)
    assert canonical_queue(queue) == queue


def test_a_queue_as_people_write_it() -> None:
    """Spaces, capitals in requirements and their order do not make another queue."""
    assert canonical_queue("cuda[ VRAM_GB >= 24 ; devices=02]") == "cuda[devices=2;vram_gb>=24]"
    assert canonical_queue("cuda[devices=1]") == canonical_queue("cuda") == "cuda"
