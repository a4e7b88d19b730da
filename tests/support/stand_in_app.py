"""dtf's Celery application with the stand-in for the guardian: ``celery -A tests.support.stand_in_app worker``."""

import os
import sys

from dtf.execution.celery_app import make_app
from dtf.execution.worker_setup import WorkerSetup
from dtf.storage.broker_check import check_broker
from tests.support.stand_in_guardian import StandInClient

BROKER_VARIABLE = "STAND_IN_BROKER_URL"
SIMULATE_VARIABLE = "STAND_IN_SIMULATE"
COMMAND_VARIABLE = "STAND_IN_GUARDIAN_COMMAND"
READY_VARIABLE, PATIENCE_VARIABLE = "STAND_IN_READY_S", "STAND_IN_PATIENCE_S"


def _setup() -> WorkerSetup:
    command = (sys.executable, "-m", "tests.support.stand_in_guardian")
    if script := os.environ.get(COMMAND_VARIABLE):
        command = ("sh", "-c", script)
    return WorkerSetup(
        guardian_command=command,
        simulate=os.environ.get(SIMULATE_VARIABLE, ""),
        check_broker=check_broker,
        connect=StandInClient,
        guardian_ready_s=float(os.environ.get(READY_VARIABLE, "30")),
        guardian_patience_s=float(os.environ.get(PATIENCE_VARIABLE, "300")),
        version="test",
    )


app = make_app(lambda: os.environ[BROKER_VARIABLE], _setup)
