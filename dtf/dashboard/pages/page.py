"""What all of dtf's pages have in common."""

from dataclasses import dataclass
from typing import Any, Final

from flower.views import BaseHandler

from dtf import __version__
from dtf.dashboard.shield import OWN_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the navigation.

    Attributes:
        name: By what a page says that it is the one.
        title: For people.
        path: Below the prefix.
        is_celerys: Whether the page is Flower's.
    """

    name: str
    title: str
    path: str
    is_celerys: bool = False


#: The navigation, in its order; Flower's pages are told by the names that Flower gives them.
ENTRIES: Final = (
    Entry(name="overview", title="Overview", path="/"),
    Entry(name="runs", title="Runs", path="/lab/runs"),
    Entry(name="jobs", title="Jobs", path="/lab/jobs"),
    Entry(name="lab_workers", title="Workers", path="/lab/workers"),
    Entry(name="resources", title="Resources", path="/lab/resources"),
    Entry(name="hardware", title="Hardware", path="/lab/hardware"),
    Entry(name="network", title="Network", path="/lab/network"),
    Entry(name="breakers", title="Breakers", path="/lab/breakers"),
    Entry(name="recovery", title="Recovery", path="/lab/recovery"),
    Entry(name="coordinators", title="Coordinators", path="/lab/coordinators"),
    Entry(name="workers", title="Workers", path="/workers", is_celerys=True),
    Entry(name="tasks", title="Tasks", path="/tasks", is_celerys=True),
    Entry(name="broker", title="Broker", path="/broker", is_celerys=True),
)


class Page(BaseHandler):  # type: ignore[misc]  # Flower has no types
    """A page of dtf's: a frame that its script fills from the API."""

    #: Where it stands below the prefix, as a pattern; its template; and its place in the navigation.
    path = ""
    template = ""
    entry = ""

    def set_default_headers(self) -> None:
        """Its policy is the strict one: it has nothing inline."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", OWN_POLICY)
        self.set_header("Cache-Control", "no-store")

    def get(self) -> None:
        """The frame."""
        self.render(self.template, **self.values())

    def values(self) -> dict[str, Any]:
        """What the template is given."""
        options = self.application.dashboard_options
        return {
            "entry": self.entry,
            "script": self.template.replace(".html", ".js"),
            "version": __version__,
            "interval_s": options.update_interval_s,
            "prefix": options.prefix,
        }
