"""The composition root: alone names concrete stores, brokers and executors.

One module for each thing that is put together, so that a command imports only what it needs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery import Celery


def celery_app() -> "Celery":
    """The Celery application of ``celery -A dtf``."""
    from dtf.bootstrap.worker import make_celery_app  # noqa: PLC0415  # the other processes go without Celery

    return make_celery_app()
