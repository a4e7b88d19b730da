from dataclasses import replace

import pytest

from dtf.domain.worker import Device
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.executors.browser_pool.limits import Cause, Condition, PoolLimits, why_replace
from dtf.execution.executors.browser_pool.wish import SimulatedBrowserError, choice_of, chosen_browser, host_environment

_LIMITS = PoolLimits(age_s=100.0, jobs=10, memory_bytes=1000)


@pytest.mark.parametrize(
    ("condition", "cause"),
    [
        (Condition(age_s=100.0, jobs=9, memory_bytes=1000), None),
        (Condition(age_s=100.1, jobs=0, memory_bytes=0), Cause.AGE),
        (Condition(age_s=0.0, jobs=10, memory_bytes=0), Cause.JOBS),
        (Condition(age_s=0.0, jobs=0, memory_bytes=1001), Cause.MEMORY),
    ],
)
def test_limits_replace_a_browser(condition: Condition, cause: Cause | None) -> None:
    """A browser is kept up to its limits, and replaced beyond any of them."""
    assert why_replace(condition, _LIMITS) is cause


def test_the_browser_is_that_of_the_first_device() -> None:
    """The first device that is in a browser decides; a host's variables name no shard."""
    gpu = Device(kind="cuda", name="a GPU", uuid="GPU-1")
    fox = Device(
        kind="webgpu",
        name="Firefox",
        uuid="webgpu-firefox",
        details={"browser": "firefox", "executable": "/usr/bin/firefox", "channel": "moz-firefox"},
    )
    assert choice_of((gpu, fox)) == BrowserChoice(
        browser="firefox", executable="/usr/bin/firefox", channel="moz-firefox"
    )
    assert choice_of((gpu,)) is None
    simulated = replace(fox, uuid="simulated-webgpu-0", simulated=True, details={"executable": "/usr/bin/other"})
    assert choice_of((simulated, fox)) == choice_of((fox,))
    with pytest.raises(SimulatedBrowserError):
        chosen_browser((simulated,))
    assert host_environment({"DTF_SLOT": "1", "PATH": "/bin"}) == {"PATH": "/bin"}
