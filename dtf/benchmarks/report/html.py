"""A report as one page that needs nothing else: no script, style or image from anywhere."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from dtf.benchmarks.report.drawing import drawn
from dtf.benchmarks.report.markdown import verdict_word
from dtf.benchmarks.report.page import Page, Verdict


def html(page: Page) -> str:
    """The page."""
    sections = [
        {
            "title": section.title,
            "text": section.text,
            "items": section.items,
            "table": section.table,
            "folded": section.folded,
            "plots": [drawn(plot) for plot in section.plots],
        }
        for section in page.sections
    ]
    return _template().render(page=page, sections=sections, verdicts=[_verdict(one) for one in page.verdicts])


def _verdict(verdict: Verdict) -> dict[str, str]:
    look = "none" if verdict.reached is None else "bad" if not verdict.reached else "good" if verdict.surely else "part"
    return {"what": verdict.what, "found": verdict.found, "word": verdict_word(verdict), "look": look}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("dtf.benchmarks.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
