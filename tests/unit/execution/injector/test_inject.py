import asyncio
from typing import Any, cast

import pytest

from dtf.domain.errors import BadInputError
from dtf.domain.failure import FailureType, Intensity
from dtf.execution.browser_recovery.action import ACTIONS
from dtf.execution.browser_recovery.catalogue import cheapest
from dtf.execution.injector import Subject, inject
from dtf.execution.injector.mechanisms import effect_of
from dtf.resilience.injection import FAULTS

NOTHING = cast("Any", None)


def test_what_does_not_exist_is_refused_untouched() -> None:
    """A failure that Firefox does not have is refused with its reason before anything is touched."""
    firefox = Subject(browser_name="firefox", browser=NOTHING, context=NOTHING, page=NOTHING)
    with pytest.raises(BadInputError, match="not available for firefox: it needs the Chrome DevTools Protocol"):
        asyncio.run(inject(firefox, FailureType.CRASH, Intensity.MILD))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_failure_has_a_mechanism_and_a_recovery(fault: Any) -> None:
    """Each of the 18 has its mechanism with words for it, and an action in the catalogue, for each family."""
    for browser in ("chromium", "firefox"):
        subject = Subject(browser_name=browser, browser=NOTHING, context=NOTHING, page=NOTHING)
        assert effect_of(subject, fault.failure, fault.intensity).mechanism
        assert cheapest(browser, fault.failure, fault.intensity) in ACTIONS
