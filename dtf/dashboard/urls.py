"""Which page stands where."""

from typing import Any

from tornado.web import url

from dtf.dashboard.pages.overview import Overview


def pages() -> list[Any]:
    """The rules of dtf's own pages."""
    return [url(r"/", Overview, name="overview")]
