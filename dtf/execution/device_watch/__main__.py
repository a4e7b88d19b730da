"""``python -P -m dtf.execution.device_watch --channel FD``: looks at the GPUs whenever the guardian asks.

A process of its own, because a driver that hangs or crashes takes its caller along.
"""

import argparse

from dtf.domain.codec import to_json
from dtf.domain.outcome import Outcome
from dtf.execution.device_watch.reading import HostReader
from dtf.execution.host.messages import Order, Report
from dtf.execution.host.serve import serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="dtf.execution.device_watch")
    parser.add_argument("--channel", type=int, required=True, help="serve the orders that come over this socket")
    reader = HostReader()

    def look(order: Order) -> Report:
        """Answer every order with one look."""
        return Report(number=order.number, outcome=Outcome.PASSED, data=to_json(reader.read()))

    serve(parser.parse_args().channel, look)
