"""Changes of JSON values as merge patches (RFC 7396)."""

from typing import Any

#: A JSON value without nulls: in a patch null means that a member is gone.
Json = Any


def patch_of(before: Json, after: Json) -> Json:
    """What turns one value into another; an empty object: nothing has changed.

    Members of objects are compared one by one; all else, lists too, is replaced as a whole.
    """
    if not isinstance(before, dict) or not isinstance(after, dict):
        return {} if before == after else after
    patch: dict[str, Json] = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before:
            patch[name] = value
        elif before[name] != value:
            both = isinstance(before[name], dict) and isinstance(value, dict)
            patch[name] = patch_of(before[name], value) if both else value
    return patch


def patched(value: Json, patch: Json) -> Json:
    """A value with a patch."""
    if not isinstance(patch, dict):
        return patch
    found = dict(value) if isinstance(value, dict) else {}
    for name, change in patch.items():
        if change is None:
            found.pop(name, None)
        else:
            found[name] = patched(found.get(name), change)
    return found
