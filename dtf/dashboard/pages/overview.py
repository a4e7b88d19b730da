"""The overview."""

from dtf.dashboard.pages.page import Page


class Overview(Page):
    """How the laboratory stands."""

    path = r"/"
    template = "overview.html"
    entry = "overview"
