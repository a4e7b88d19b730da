"""Injects real failures into running browsers of ours.

``injection = await inject(subject, failure, intensity)`` applies one of the 18 failures, confirms it by an independent
look, and returns an ``Injection``, the same shape for other kinds of jobs (``injection.py``). ``await
injection.clear()`` takes it back; call it in a ``finally``. What dtf did not start is never touched.
"""

from dtf.execution.injector.inject import inject
from dtf.execution.injector.injection import Effect, Injection, Scope
from dtf.execution.injector.subject import Subject

__all__ = ["Effect", "Injection", "Scope", "Subject", "inject"]
