"""The network."""

from dtf.dashboard.pages.page import Page


class Network(Page):
    """A map of the laboratory: who there is, how each stands, and what flows between them."""

    path = r"/lab/network"
    template = "network.html"
    entry = "network"
