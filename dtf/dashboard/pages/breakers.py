"""The circuit breakers."""

from dtf.dashboard.pages.page import Page


class Breakers(Page):
    """All circuit breakers, and all of one."""

    path = r"/lab/breakers"
    template = "breakers.html"
    entry = "breakers"
