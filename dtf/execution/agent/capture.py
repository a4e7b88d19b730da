"""pytest's capture over a fork."""

from __future__ import annotations

from typing import Any


def stop(config: Any) -> None:  # noqa: ANN401  # pytest's types differ between its versions
    """End the global capture: two processes must not share its files, whose offset would be one."""
    manager = config.pluginmanager.getplugin("capturemanager")
    if manager is not None:
        manager.stop_global_capturing()


def start(config: Any) -> None:  # noqa: ANN401
    """Begin it anew, suspended, as it is between tests."""
    manager = config.pluginmanager.getplugin("capturemanager")
    if manager is not None:
        manager.start_global_capturing()
        manager.suspend_global_capture()


def files(config: Any) -> list[int]:  # noqa: ANN401
    """The descriptors of the files that hold what the running test has written; empty when nothing is captured.

    The executor reads them when the process died and could not tell itself.
    """
    manager = config.pluginmanager.getplugin("capturemanager")
    capture: Any = getattr(manager, "_global_capturing", None)
    found = []
    streams: list[Any] = [getattr(capture, "out", None), getattr(capture, "err", None)]
    for stream in streams:
        try:
            found.append(int(stream.tmpfile.fileno()))
        except (AttributeError, OSError, ValueError):  # no capture, or one in memory
            continue
    return found
