"""Puts a worker together: the Celery application, and what it is told about itself."""

from functools import cache

from celery import Celery

from dtf import __version__
from dtf.bootstrap.breakers import make_breakers
from dtf.bootstrap.browsers import browser_search
from dtf.bootstrap.cluster import Endpoints, find_endpoints, own_python
from dtf.breakers.client import Breakers
from dtf.execution.celery_app import make_app
from dtf.execution.worker_setup import WorkerSetup
from dtf.settings import Settings, load_settings, process_environment
from dtf.storage.broker_check import check_broker


def make_celery_app() -> Celery:
    """The Celery application; settings are read and a cluster is joined when its configuration is first read."""
    return make_app(lambda: _endpoints().broker_url, _worker_setup, breakers=_breakers)


@cache
def _settings() -> Settings:
    return load_settings()


@cache
def _endpoints() -> Endpoints:
    """Kept for the process's life: a worker is a user of the cluster that it joined."""
    return find_endpoints(_settings())


def _breakers() -> Breakers:
    return make_breakers(_settings(), _endpoints().broker_url)


def _worker_setup() -> WorkerSetup:
    settings, environ, endpoints = _settings(), process_environment(), _endpoints()
    urls = {"DTF_BROKER_URL": endpoints.broker_url, "DTF_DATABASE_URL": endpoints.database_url}
    return WorkerSetup(
        guardian_command=(*own_python(), "-m", "dtf", "guardian"),
        guardian_environment={**environ, **urls},
        tags=tuple(word for word in settings.worker_tags.split(",") if word),
        simulate=settings.simulate_devices,
        visible_cuda=environ.get("CUDA_VISIBLE_DEVICES"),
        visible_rocr=environ.get("ROCR_VISIBLE_DEVICES"),
        visible_hip=environ.get("HIP_VISIBLE_DEVICES"),
        cuda_device_order=environ.get("CUDA_DEVICE_ORDER"),
        devices=tuple(word for word in settings.worker_devices.split(",") if word),
        browsers=browser_search(settings),
        share_gb=settings.device_share_gb,
        check_broker=check_broker,
        version=__version__,
    )
