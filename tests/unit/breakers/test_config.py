import pytest

from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.domain.errors import SettingsError
from dtf.resilience.breaker_params import Policy


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"failures_to_open": 1}, "failures_to_open must be from 2 to 10, not 1"),
        ({"failures_to_open": 11}, "failures_to_open must be from 2 to 10, not 11"),
        ({"failures_to_open": 2.5}, "failures_to_open must be a whole number, not 2.5"),
        ({"open_at": float("nan")}, "open_at must be a number, not 'nan'"),
        ({"lease_s": "long"}, "lease_s must be a number, not 'long'"),
        ({"probes": True}, "probes must be a number, not 'True'"),
        ({"policy": "clever"}, "policy must be one of learned, constants, fixed, metrics, off, not 'clever'"),
        ({"prefix": "a b"}, "prefix must be made of letters"),
        ({"prefix": ""}, "prefix must be made of letters"),
        ({"canary": "yes"}, "canary must be true or false"),
        ({"suspect_at": 0.1, "close_at": 0.2}, "close_at must be below suspect_at"),
        ({"probe_evry_s": 1.0}, "probe_evry_s is none (did you mean 'probe_every_s'?)"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(values: dict[str, object], message: str) -> None:
    """Each wrong setting is named, with what it may be."""
    with pytest.raises(SettingsError) as refused:
        BreakerConfig.of(values)
    assert message in str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """One message for several mistakes."""
    with pytest.raises(SettingsError, match=r"probes must be .*; hold_s must be "):
        BreakerConfig.of({"probes": 0, "hold_s": -1})


@pytest.mark.parametrize(
    ("policy", "decides"), [("learned", Policy.BELIEF), ("constants", Policy.BELIEF), ("fixed", Policy.FIXED)]
)
def test_the_policy_says_by_what_a_breaker_opens(policy: str, decides: Policy) -> None:
    """The numbers of the settings are those of the breaker."""
    config = BreakerConfig.of({"policy": policy, "lease_s": 7, "probes": 2})
    assert config.policy is BreakerPolicy(policy)
    params = config.params()
    assert (params.policy, params.lease_s, params.probes) == (decides, 7, 2)
