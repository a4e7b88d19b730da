"""The Celery settings that follow from the ledger being the truth and messages being hints."""

from typing import Any

from kombu.entity import Exchange, Queue

from dtf.domain.specs import HARDWARE_TAGS
from dtf.execution.broker_options import CONNECT_TIMEOUT_S, transport_for, transport_options
from dtf.scheduling.route import DEFAULT_QUEUE, queue_for, route_task


def celery_settings(broker_url: str) -> dict[str, Any]:
    """Celery's settings for a broker."""
    return {**_broker(broker_url), **_messages(), **_worker()}


def _broker(url: str) -> dict[str, Any]:
    return {
        "broker_url": url,
        "broker_transport": transport_for(url),
        "broker_transport_options": transport_options(),
        "broker_connection_timeout": CONNECT_TIMEOUT_S,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # for ever
        # a full or restarting Redis answers with errors of the channel, not of the connection
        "broker_channel_error_retry": True,
        "result_backend": None,
    }


def _messages() -> dict[str, Any]:
    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "task_queues": tuple(_queue(queue_for(tag)) for tag in HARDWARE_TAGS),
        "task_default_queue": DEFAULT_QUEUE,
        "task_routes": (route_task,),
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        # early: a hint that was read has done its work
        "task_acks_late": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


def _worker() -> dict[str, Any]:
    return {
        # a worker that reserved hints for later would keep them from idle ones
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_enable_prefetch_count_reduction": False,
        "worker_disable_rate_limits": True,
        "worker_send_task_events": True,
        "task_send_sent_event": False,
        "worker_detect_quorum_queues": False,
        # concerns late acks only, which are not used; silences a warning at each reconnection
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        # a pool child on a busy machine takes its time
        "worker_proc_alive_timeout": 60.0,
    }


def _queue(name: str) -> Queue:
    exchange = Exchange(name, type="direct")  # type: ignore[no-untyped-call]  # Kombu has no types
    return Queue(name, exchange, routing_key=name)  # type: ignore[no-untyped-call]  # Kombu has no types
