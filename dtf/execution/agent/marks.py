"""The mark by which a test says what it asks of the hardware."""

from __future__ import annotations

from typing import Any

#: What pytest is told of it, so that ``--strict-markers`` knows it.
DECLARATION = (
    "dtf(requires): what the hardware must have for a test, such as 'vram_gb>=24' or ['webnn', 'browser=firefox']."
)


def requires_of(item: Any) -> list[str]:  # noqa: ANN401  # pytest's types differ between its versions
    """What an item's ``dtf`` marks, its class's and its module's ask for, each text once, as they were written.

    Raises:
        ValueError: A mark has something else than ``requires``; the message names the item.
    """
    found: dict[str, None] = {}
    for mark in item.iter_markers("dtf"):
        asked = mark.kwargs.get("requires")
        texts = [asked] if isinstance(asked, str) else asked
        is_right = isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts)
        if mark.args or set(mark.kwargs) != {"requires"} or not is_right:
            given = [*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())]
            raise ValueError(
                f"{item.nodeid}: @pytest.mark.dtf takes requires= with a text or a list of texts,"
                f" not ({', '.join(given)[:200]})"
            )
        found.update(dict.fromkeys(texts))
    return list(found)
