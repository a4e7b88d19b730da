"""Identifiers that people can read, type and tell apart."""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_LENGTH = 11

RUN = "r"
JOB = "j"
SHARD = "s"
WORKER = "w"


def new_id(kind: str) -> str:
    """Make an identifier such as ``r7k2m9qx4tw3``: the kind's letter and 55 random bits."""
    return kind + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
