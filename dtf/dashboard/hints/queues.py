"""What waits in the broker's queues: Flower's page of the broker, and ``/api/queues/length``."""

from typing import Any

from flower.api.tasks import GetQueueLengths
from flower.views.broker import BrokerView
from redis.exceptions import RedisError
from tornado.web import HTTPError

from dtf.dashboard.cluster_link import NoBrokerError


async def _waiting(handler: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # Flower has no types
    """How many messages wait, by queue.

    Raises:
        HTTPError: There is no broker, it does not answer, or it is of a kind that cannot be asked.
    """
    try:
        broker = handler.get_broker()
        found: list[dict[str, Any]] = await broker.queues(handler.get_active_queue_names())
    except NoBrokerError as error:
        raise HTTPError(503, str(error)) from error
    except (RedisError, OSError) as error:
        raise HTTPError(503, f"the broker does not answer: {error}") from error
    return found


class PatientQueueLengths(GetQueueLengths):  # type: ignore[misc]  # Flower has no types
    """``/api/queues/length``."""

    async def get(self) -> None:
        """How many messages wait, by queue."""
        self.write({"active_queues": await _waiting(self)})


class PatientBrokerView(BrokerView):  # type: ignore[misc]  # Flower has no types
    """The page; where there is no broker, or it does not answer, it says so."""

    async def get(self) -> None:
        """The page."""
        queues: list[dict[str, Any]] = []
        problem = ""
        try:
            queues = await _waiting(self)
        except HTTPError as error:
            problem = error.get_message() or "it cannot be asked"
        broker_url = "" if problem else self.application.broker_uri
        self.render("queues.html", broker_url=broker_url, queues=queues, problem=problem)
