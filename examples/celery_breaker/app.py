"""A Celery application whose calls stand behind circuit breakers: what they need is left alone while it is broken."""

import os
import socket

from celery import Celery

from dtf.breakers import Breaker, CircuitBreakerTask, CircuitOpenError

REDIS = os.environ.get("SHOP_REDIS", "redis://127.0.0.1:6379/0")
app = Celery("shop", broker=REDIS, backend=REDIS)


@app.task(base=CircuitBreakerTask, breaker="payments")
def pay(order, away=False):
    if away:
        raise ConnectionError("payments are away")
    return f"order {order} is paid"


class PrinterError(Exception):
    pass


def answers(printer):  # a canary: it raises where nobody answers
    socket.create_connection((printer.name, 9100), timeout=2).close()


@app.task(
    base=CircuitBreakerTask,
    max_retries=5,
    breaker=Breaker(
        target=lambda _task, _args, kwargs: kwargs["host"],
        hardware="printer",
        refused="retry",
        counts=(PrinterError, OSError),
        canary=answers,
    ),
)
def print_label(label, *, host):
    with socket.create_connection((host, 9100), timeout=5) as printer:
        printer.sendall(label.encode())
        if not printer.recv(1):
            raise PrinterError(f"{host} did not take the label")


def checkout(order, away=False):  # what a caller sees
    try:
        return pay.delay(order, away=away).get(timeout=30)
    except CircuitOpenError as refused:  # nothing was tried
        return f"order {order} is kept for later: {refused}"
    except ConnectionError as error:
        return f"order {order} failed: {error}"
