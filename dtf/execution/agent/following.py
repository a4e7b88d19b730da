"""What stands for the next test while it is not known.

pytest tears down what the next test does not need, so it asks for the next test when it tears one down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


class Held:
    """Stands for the next test while it is not known which one it will be.

    pytest tears down what the next test does not need. This one needs the session and the packages of the test
    before, but not its module: what lives for a module ends, what lives for longer stays.
    """

    def __init__(self, item: Any) -> None:  # noqa: ANN401  # pytest's types differ between its versions
        self._item = item
        chain = []
        for node in item.listchain():
            if isinstance(node, pytest.File) and not isinstance(node, pytest.Package):
                break
            if node is not item:
                chain.append(node)
        self._chain = chain

    def listchain(self) -> list[Any]:
        """The collectors that stay set up."""
        return list(self._chain)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._item, name)


class Later:
    """Stands for a test that is asked for when it is needed, at the end of the test before.

    It is true, and has collectors, when there is one.
    """

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask: Callable[[], Any] | None = ask
        self._found: Any = None

    def resolve(self) -> Any:  # noqa: ANN401
        """The test, a ``Held``, or None when the session ends."""
        if self._ask is not None:
            ask, self._ask = self._ask, None
            self._found = ask()
        return self._found

    def goes_on(self) -> bool:
        """Whether the session goes on, as far as anybody has asked."""
        return self._ask is not None or self._found is not None

    def listchain(self) -> list[Any]:
        """The collectors that stay set up."""
        found = self.resolve()
        return [] if found is None else list(found.listchain())

    def __bool__(self) -> bool:
        return self.resolve() is not None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.resolve(), name)
