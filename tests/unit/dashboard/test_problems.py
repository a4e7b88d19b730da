import logging
from unittest.mock import Mock

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.iostream import StreamClosedError
from tornado.web import Application

from dtf.dashboard.rest.problems import JsonHandler


@pytest.mark.parametrize(("error", "level"), [(StreamClosedError(), "INFO"), (ZeroDivisionError(), "ERROR")])
def test_who_went_away_is_no_error(error: Exception, level: str, caplog: pytest.LogCaptureFixture) -> None:
    """A page that was left before its answer came is told in one line; an error of the dashboard's own is one."""
    line = RequestStartLine(method="GET", path="/api/v1/jobs", version="HTTP/1.1")
    request = HTTPServerRequest(connection=Mock(), start_line=line, headers=HTTPHeaders({"Host": "localhost"}))
    with caplog.at_level(logging.INFO):
        JsonHandler(Application(), request).log_exception(type(error), error, None)
    assert [told.levelname for told in caplog.records] == [level]
