"""``/assets/vendor/NAME``: what pages draw with."""

from typing import Any, Final

from tornado.web import HTTPError, RequestHandler

from dtf.dashboard.vendor import VendorMissingError, vendor_text

_TYPES: Final = {"js": "text/javascript", "css": "text/css", "txt": "text/plain"}


class VendorFile(RequestHandler):
    """A file of an npm package; 404 with the reason where it is not installed: pages show tables then."""

    application: Any

    def get(self, name: str) -> None:
        """The file; browsers keep it, and ask whether it is the same."""
        try:
            text = vendor_text(name, self.application.laboratory.settings.web_assets)
        except KeyError:
            raise HTTPError(404, "there is no such file") from None
        except VendorMissingError as error:
            self.set_status(404)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"{error}\n")
            return
        self.set_header("Content-Type", f"{_TYPES[name.rsplit('.', 1)[-1]]}; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(text)
