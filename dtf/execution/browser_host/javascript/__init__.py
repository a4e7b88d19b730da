"""What is run inside of pages."""

from functools import cache
from pathlib import Path


@cache
def script(name: str) -> str:
    """The text of a file beside this one."""
    return (Path(__file__).parent / name).read_text()
