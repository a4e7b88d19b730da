"""The Lua scripts, loaded into the server when it does not know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis


@dataclass(frozen=True, slots=True)
class Script:
    """One script.

    Attributes:
        source: Its text.
        digest: By what the server knows it.
    """

    source: str
    digest: str

    def run(self, client: "Redis", keys: Sequence[str], arguments: Sequence[Any]) -> Any:  # noqa: ANN401  # Lua's answer
        """Run it in the server, in one step."""
        from redis.exceptions import NoScriptError  # noqa: PLC0415  # whoever has a client has loaded it

        try:
            return client.execute_command("EVALSHA", self.digest, len(keys), *keys, *arguments)  # type: ignore[no-untyped-call]
        except NoScriptError:
            return client.execute_command("EVAL", self.source, len(keys), *keys, *arguments)  # type: ignore[no-untyped-call]


@cache
def script(name: str, *, alone: bool = False) -> Script:
    """A script by its name; it stands behind the state machine, or alone."""
    folder = files("dtf.breakers").joinpath("lua")
    names = [name] if alone else ["breaker", name]
    source = "\n".join(folder.joinpath(f"{one}.lua").read_text(encoding="utf-8") for one in names)
    return Script(source=source, digest=sha1(source.encode(), usedforsecurity=False).hexdigest())
