"""Reads what other processes wrote; what cannot be read is told, and left out."""

import json
import logging
from collections.abc import Mapping

from dtf.breakers.wire import unpacked_told
from dtf.domain.codec import from_json
from dtf.domain.errors import BadInputError
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned

_log = logging.getLogger(__name__)


def read_learned(data: bytes) -> Learned | None:
    """What was published as learned."""
    try:
        return from_json(Learned, json.loads(data))
    except (ValueError, BadInputError) as error:
        _log.warning("what was published as learned cannot be read, and is not used (%s)", error)
        return None


def read_told(fields: Mapping[bytes, bytes]) -> EvidenceRecord | None:
    """What the learner was told."""
    try:
        return unpacked_told(fields)
    except (ValueError, KeyError) as error:
        _log.warning("a piece of evidence cannot be read, and is not learned from (%s)", error)
        return None
