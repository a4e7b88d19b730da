"""Compares a report with an earlier one of the same kind, by their JSON."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtf.benchmarks.report.page import Section, Table
from dtf.benchmarks.report.words import change_words, number_words
from dtf.domain.errors import BadInputError

#: The format of the JSON; one of another format is not read.
FORMAT = 1

#: A larger file is no report.
_MOST_BYTES = 64 * 2**20


def read_earlier(file: Path, kind: str) -> dict[str, Any]:
    """Read an earlier report's JSON.

    Args:
        file: Where it is.
        kind: Which kind it has to be of.

    Raises:
        BadInputError: It is not there, or no report of this kind.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise BadInputError(f"{file} is larger than any report: give the JSON file of an earlier one")
        told = json.loads(file.read_bytes())
    except OSError as error:
        raise BadInputError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInputError(f"{file} is no JSON ({error}): give the JSON file of an earlier report") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT or not _has_figures(told):
        raise BadInputError(f"{file} is no report of this benchmark: give the JSON file of an earlier one")
    if told.get("kind") != kind:
        raise BadInputError(f"{file} is a report of the kind {told.get('kind')!r}; it is compared with one of {kind!r}")
    return told


def _has_figures(told: Mapping[str, Any]) -> bool:
    """Whether a report's JSON has totals and circumstances as reports have them."""
    totals, circumstances = told.get("totals"), told.get("circumstances", {})
    if not isinstance(totals, dict) or not isinstance(circumstances, dict):
        return False
    figures = [one for of_arm in totals.values() if isinstance(of_arm, dict) for one in of_arm.values()]
    return all(isinstance(of_arm, dict) for of_arm in totals.values()) and all(map(_is_estimate, figures))


def _is_estimate(one: object) -> bool:
    if not isinstance(one, dict):
        return False
    values = [one.get(end) for end in ("value", "low", "high")]
    return all(value is None or (isinstance(value, int | float) and math.isfinite(value)) for value in values)


def compare(totals: Mapping[str, Mapping[str, Any]], earlier: Mapping[str, Any], labels: Mapping[str, str]) -> Section:
    """What changed since an earlier report.

    Args:
        totals: The figures now: by arm and measure, each with ``value``, ``low`` and ``high``.
        earlier: The earlier report's JSON.
        labels: The measures that are compared, with their names for people.
    """
    rows = []
    for arm, figures in totals.items():
        known = earlier["totals"].get(arm, {})
        rows += [
            (arm, label, *_cells(known.get(name), figures.get(name)))
            for name, label in labels.items()
            if name in known and name in figures
        ]
    told = earlier.get("circumstances", {})
    written, processor = told.get("written at", "an unknown time"), told.get("processor", "?")
    text = (
        f"The earlier report was written at {written} on {processor}, revision {told.get('revision', '?')}.",
        "Runs of two reports are not paired: machine, load and code may all differ.",
    )
    head = ("Arm", "Measure", "Earlier", "Now", "Change", "Intervals")
    return Section(title="Against the earlier report", text=text, table=Table(head=head, rows=tuple(rows)))


def _cells(before: object, now: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    if not isinstance(before, Mapping) or now is None:
        return "-", "-", "-", "-"
    old, new = ((one.get("value"), one.get("low"), one.get("high")) for one in (before, now))
    change = new[0] / old[0] - 1 if old[0] and new[0] is not None else None
    return number_words(*old), number_words(*new), change_words(change), _overlap(old, new)


def _overlap(old: tuple[Any, Any, Any], new: tuple[Any, Any, Any]) -> str:
    if None in old or None in new:
        return "-"
    return "overlap" if old[1] <= new[2] and new[1] <= old[2] else "apart"
