import json
from typing import Any

from dtf.execution.patient_connection import PatientConnection


def test_what_a_worker_tells_of_its_connection_can_be_sent() -> None:
    """``celery inspect stats`` and Flower ask for it; a function among the options stays where it is used."""
    options = {"dtf_admit": lambda queues: queues, "socket_timeout": 5.0}
    connection: Any = PatientConnection("redis://h:1/0", transport_options=options)  # type: ignore[no-untyped-call]  # Kombu has no types
    told = json.loads(json.dumps(connection.info()))
    assert (told["hostname"], told["transport_options"]) == ("h", {"socket_timeout": 5.0})
    assert connection.clone().transport_options == options
