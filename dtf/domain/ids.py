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
    bits = secrets.randbits(5 * _LENGTH)
    return kind + "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(_LENGTH))
