"""Words that somebody else wrote, no longer than a page needs them: each change of a topic travels to every page."""

from typing import Final

#: So many characters of a name, and of a sentence.
NAME: Final = 200
SENTENCE: Final = 600


def capped(text: str, most: int = SENTENCE) -> str:
    """A text, or its beginning and how much is missing."""
    rest = len(text) - most
    return text if rest <= 0 else f"{text[:most]} … ({rest} more characters)"
