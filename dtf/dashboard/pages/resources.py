"""The resources."""

from dtf.dashboard.pages.page import Page


class Resources(Page):
    """What machines, queues and devices had to do, over time."""

    path = r"/lab/resources"
    template = "resources.html"
    entry = "resources"
