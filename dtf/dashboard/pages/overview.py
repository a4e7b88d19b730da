"""The overview."""

from dtf.dashboard.pages.page import Page


class Overview(Page):
    """How the laboratory stands."""

    template = "overview.html"
    entry = "overview"
