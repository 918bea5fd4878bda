"""An agent in plain Python: the function named like the file (or `agent`) is what runs."""

from typing import Annotated, TypedDict

__version__ = "0.1.0"
SAMPLE = {"text": "One deck, many agents."}


class Count(TypedDict):
    words: int
    characters: int


def word_count(
    text: Annotated[str, "Any text"],
    ignore_spaces: Annotated[bool, "Whether spaces count as characters"] = False,
) -> Count:
    """Count the words and the characters of a text."""
    counted = text.replace(" ", "") if ignore_spaces else text
    return {"words": len(text.split()), "characters": len(counted)}
