from dtf.domain.breaker import Sign, Target
from dtf.resilience.kills import OWN_FROM, WITHIN_S, Kills

HERE = Target(hardware="cpu", name="here")
THERE = Target(hardware="cpu", name="there")


def _signs(kills: Kills, *groups: str, target: Target = HERE, own: float = 0.1, every_s: float = 1.0) -> list[Sign]:
    """What kills one after the other say."""
    return [kills.sign((target,), group, n * every_s, own=own) for n, group in enumerate(groups)]


def test_work_that_kills_itself_is_no_evidence_of_a_bad_place() -> None:
    """However often one group is killed, it may be its own doing, on every target."""
    kills = Kills()
    assert set(_signs(kills, *["leaks"] * 20)) == {Sign.CRASH}
    assert set(_signs(kills, *["leaks"] * 20, target=THERE)) == {Sign.CRASH}


def test_a_place_where_groups_are_killed_in_turn_is_to_blame() -> None:
    """From the second group on it is what they have in common; what was killed elsewhere plays no part."""
    kills = Kills()
    assert _signs(kills, "a", "b", "c") == [Sign.CRASH, Sign.INFRA, Sign.INFRA]
    assert _signs(kills, "d", target=THERE) == [Sign.CRASH]
    assert kills.sign((HERE, THERE), "d", 4.0, own=0.1) is Sign.INFRA, "of two devices one may be bad"


def test_a_stranger_among_the_kills_of_one_group_counts_but_twice() -> None:
    """Then the group is by itself again."""
    assert _signs(Kills(), "a", "a", "b", "a", "a", "a") == [
        *(Sign.CRASH, Sign.CRASH, Sign.INFRA, Sign.INFRA, Sign.CRASH, Sign.CRASH)
    ]


def test_a_kill_of_long_ago_is_forgotten() -> None:
    """Two kills have nothing to do with each other when hours lie between them."""
    assert _signs(Kills(), "a", "b", every_s=WITHIN_S + 1) == [Sign.CRASH, Sign.CRASH]
    assert _signs(Kills(), "a", "b", every_s=WITHIN_S - 1) == [Sign.CRASH, Sign.INFRA]


def test_what_is_known_to_be_killed_everywhere_convicts_nobody() -> None:
    """Two broken programs at the same time: once that was learned of one of them, neither speaks against the place."""
    kills = Kills()
    assert _signs(kills, "broken", own=OWN_FROM) == [Sign.CRASH]
    assert _signs(kills, "other") == [Sign.CRASH]
    assert kills.sign((HERE,), "broken", 2.0, own=OWN_FROM) is Sign.CRASH
