import pytest

from dtf.domain.worker import Device
from dtf.execution.device_watch.evidence import Sightings, cannot_be_shown
from dtf.execution.device_watch.reading import Reading, device_figures

_OWN = Device(kind="cuda", name="Stand-in H100", uuid="GPU-1", details={"processes_seen": True})
_OTHER = "GPU-2"


def see(*looks: dict[str, dict[int, int]], pids: frozenset[int] = frozenset((10, 11))) -> Sightings:
    """What comes of some looks, for an attempt with one device."""
    sightings = Sightings([_OWN])
    for processes in looks:
        sightings.add(Reading(processes={u: {str(p): s for p, s in on.items()} for u, on in processes.items()}), pids)
    return sightings


def test_a_process_on_its_own_device_is_proof() -> None:
    """The sentence names the process, the device and the most memory that was seen."""
    seen = see({"GPU-1": {10: 1_000_000}}, {"GPU-1": {11: 512_000_000}}, {"GPU-1": {10: 2_000_000}}, {"GPU-1": {}})
    found = seen.evidence()
    assert (found.proven, found.elsewhere) == (True, "")
    assert found.sentence == "process 11 was seen on GPU-1 (Stand-in H100) with 512 MB of its memory"


def test_somebody_elses_process_is_none() -> None:
    """A device on which only others compute proves nothing, and another device where they do is nobody's fault."""
    found = see({"GPU-1": {99: 5}, _OTHER: {98: 5}}).evidence()
    assert (found.proven, found.sentence, found.elsewhere) == (False, "", "")


def test_never_seen_proves_nothing() -> None:
    """An attempt that was on no device when anybody looked is not proven, and nothing is held against it."""
    found = see({}, {"GPU-1": {}}).evidence()
    assert (found.proven, found.sentence, found.elsewhere) == (False, "", "")


@pytest.mark.parametrize("own", [{}, {10: 5}])
def test_a_process_on_another_device_ran_elsewhere(own: dict[int, int]) -> None:
    """Whoever computes on what it was not given ran elsewhere, also when it was on its own device as well."""
    found = see({"GPU-1": own, _OTHER: {11: 5}}).evidence()
    assert not found.proven
    assert found.elsewhere == "process 11 was seen on GPU-2, which it was not given"


def test_where_pids_mean_something_else_nothing_is_shown() -> None:
    """In a container the driver counts others' pids; a simulated device has no processes."""
    assert cannot_be_shown([_OWN]) == ""
    for details in ({}, {"processes_seen": False}):
        assert "pids" in cannot_be_shown([Device(kind="cuda", name="x", uuid="GPU-1", details=details)])
    assert "declaration" in cannot_be_shown([Device(kind="cuda", name="x", uuid="s", simulated=True)])
    assert cannot_be_shown([]) != ""


def test_figures_for_the_heartbeat() -> None:
    """Each device's figures, as plain numbers."""
    figures = {"GPU-1": {"utilisation_percent": 73.0}}
    assert device_figures(Reading(figures=figures)) == figures
