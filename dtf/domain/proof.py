"""The words of a proof: what an attempt says about where it ran."""

from enum import StrEnum

#: The hardware tag that was asked for.
HARDWARE = "hardware"
#: The UUIDs of the devices that the slot owned, separated by spaces, and their names, separated by semicolons.
DEVICE, DEVICE_NAME = "device", "device_name"
#: ``yes`` where the adapter is software (SwiftShader), and where the device exists by declaration only.
SOFTWARE, SIMULATED = "software", "simulated"
#: What shows that it ran there: one sentence, such as the process that was seen on the device.
EVIDENCE = "evidence"
#: Why it did not run there; an attempt with this word ends as INFRA, "ran elsewhere".
ELSEWHERE = "elsewhere"
#: The execution providers with the nodes that each really took, as JSON: ``{"CPUExecutionProvider": 12}``.
PROVIDERS = "providers"
#: On which hardware it ran in place of what was asked for: ``cuda -> cpu``.
DEGRADED = "degraded"
#: The failure that was injected on purpose, what was seen of it before the job, and how it was taken back.
INJECTED, INJECTED_SEEN, INJECTED_CLEARED = "injected", "injected_seen", "injected_cleared"
#: Why a failure that was asked for was not injected: the breaker is open, or it does not exist there.
INJECTION_REFUSED = "injection_refused"
YES = "yes"
#: In place of the nodes' places where the runtime folded the whole model to a constant.
NO_NODE_LEFT = "no node was left to run"

#: How the reason of an attempt begins whose proof contradicts its tag.
RAN_ELSEWHERE = "ran elsewhere"


class Standing(StrEnum):
    """What a result says about the hardware that it names."""

    #: It ran there, and something shows it.
    PROVEN = "proven"
    #: It was put there, and nothing shows that it used it.
    NOT_PROVEN = "not proven"
    #: It ran on a software adapter that stands in for the hardware.
    SOFTWARE = "software"
    #: It ran on a device that exists by declaration only.
    SIMULATED = "simulated"
    #: It ran on fallback hardware, as its job allows, because the breakers of what was asked for were open.
    DEGRADED = "degraded"
    #: It ran on something else.
    ELSEWHERE = "ran elsewhere"


def degradation(asked: str, ran: str) -> str:
    """``cuda -> cpu`` where a result comes from other hardware than was asked for; empty otherwise."""
    return "" if asked == ran else f"{asked} -> {ran}"
