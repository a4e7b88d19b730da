"""Recovery."""

from dtf.dashboard.pages.page import Page


class Recovery(Page):
    """What was done about failures of the infrastructure, and what it brought."""

    path = r"/lab/recovery"
    template = "recovery.html"
    entry = "recovery"
