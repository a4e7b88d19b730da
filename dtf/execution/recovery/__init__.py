"""Carries out what is decided about failures on a worker, and sees by a probe whether it helped."""

from dtf.execution.recovery.experience import Experience
from dtf.execution.recovery.patient import Patient
from dtf.execution.recovery.restorer import Restorer

__all__ = ["Experience", "Patient", "Restorer"]
