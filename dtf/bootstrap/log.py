"""The log of processes that run in the background."""

import logging
import sys

from dtf.settings import mask

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class MaskingFormatter(logging.Formatter):
    """Hides passwords, those in tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, or the lines of a traceback."""
        return mask(super().format(record))


def configure_log(level: int = logging.INFO) -> None:
    """Send log records to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskingFormatter(_FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
