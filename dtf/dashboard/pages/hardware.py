"""The hardware."""

from dtf.dashboard.pages.page import Page


class Hardware(Page):
    """The hardware by type and by device."""

    path = r"/lab/hardware"
    template = "hardware.html"
    entry = "hardware"
