"""``python -P -m dtf.execution.model_host --channel FD``."""

import argparse
import logging

from dtf.execution.host.serve import serve
from dtf.execution.model_host.bench import Bench


def main() -> None:
    """Answer the guardian's orders until it closes the connection."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--channel", type=int, required=True)
    descriptor: int = parser.parse_args().channel
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    serve(descriptor, Bench().handle)


if __name__ == "__main__":
    main()
