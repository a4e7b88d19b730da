from dtf.embedded.restart import RestartPolicy


def test_first_restart_is_immediate_and_later_ones_wait_ever_longer() -> None:
    """A program that dies again and again is restarted at once, then with doubling delays up to a bound."""
    policy = RestartPolicy(limit=8, first_delay_s=0.2, longest_delay_s=1.0)

    delays = [policy.after_death(0.1) for _ in range(6)]

    assert delays == [0.0, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_gives_up_after_too_many_quick_deaths_in_a_row() -> None:
    """The quick death that reaches the limit is the last."""
    policy = RestartPolicy(limit=3)

    assert [policy.after_death(0.0) for _ in range(3)] == [0.0, 0.2, None]


def test_a_long_life_wipes_the_slate_clean() -> None:
    """Deaths count only in a row: a program that stayed up may die quickly again."""
    policy = RestartPolicy(quick_s=5.0, limit=2)
    policy.after_death(1.0)

    assert policy.after_death(5.0) == 0.0
    assert policy.after_death(1.0) == 0.0
    assert policy.after_death(1.0) is None
