import dataclasses

import pytest

from dtf.bootstrap.breakers import breaker_config, make_breakers, make_store
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.domain.breaker import Target
from dtf.domain.errors import SettingsError
from dtf.settings import load_settings
from dtf.settings.breaker_fields import BREAKER_SETTINGS

#: What each setting is called there.
FIELDS = {
    "breaker_failures": "failures_to_open",
    "breaker_open_at": "open_at",
    "breaker_close_at": "close_at",
    "breaker_passes": "passes_to_close",
    "breaker_wait_s": "probe_every_s",
    "breaker_quick_wait_s": "probe_quick_s",
    "breaker_probes": "probes",
    "breaker_probe_lease_s": "lease_s",
    "breaker_hold_s": "hold_s",
}


def test_the_defaults_are_the_breakers_own() -> None:
    """Without a setting a worker's breakers are those of anybody's Celery application, and the policies are all."""
    assert breaker_config(load_settings({"HOME": "/nowhere"})) == BreakerConfig()
    for policy in BreakerPolicy:
        assert load_settings({"HOME": "/nowhere", "DTF_BREAKER": policy.value}).breaker == policy


@pytest.mark.parametrize("name", FIELDS)
def test_every_value_within_a_settings_bounds_makes_breakers(name: str) -> None:
    """The bounds of a setting are never wider than what the breakers take, and its value arrives."""
    (setting,) = [one for one in BREAKER_SETTINGS if one.name == name]
    (field,) = [one for one in dataclasses.fields(BreakerConfig) if one.name == FIELDS[name]]
    for bound in field.metadata["bounds"]:
        variable = {"HOME": "/nowhere", setting.variable: str(bound)}
        try:
            settings = load_settings(variable)
        except SettingsError:
            continue  # narrower there
        assert getattr(breaker_config(settings), FIELDS[name]) == bound
    with pytest.raises(SettingsError):
        load_settings({"HOME": "/nowhere", setting.variable: "100000"})


def test_breakers_that_are_off_ask_nobody() -> None:
    """No server is needed for them, and everything goes through."""
    settings = load_settings({"HOME": "/nowhere", "DTF_BREAKER": "off"})
    assert isinstance(make_store(settings, "redis://127.0.0.1:1"), MemoryStore)
    breakers = make_breakers(settings, "redis://127.0.0.1:1")
    assert breakers.acquire((Target(hardware="cuda", name="GPU-1"),))
    assert not breakers.is_away
