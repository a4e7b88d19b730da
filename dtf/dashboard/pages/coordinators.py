"""The coordinators."""

from dtf.dashboard.pages.page import Page


class Coordinators(Page):
    """Who leads and until when, who stands by, and when another one took over."""

    path = r"/lab/coordinators"
    template = "coordinators.html"
    entry = "coordinators"
