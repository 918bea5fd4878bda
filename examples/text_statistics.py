"""How long a text is, how hard it is to read, and which words carry it."""

import re
from collections import Counter
from typing import Annotated, TypedDict

__version__ = "1.0.0"
SAMPLE = {
    "text": "Nexdeck deploys agents to a gateway. It watches them, and it says plainly what is wrong.",
    "top": 3,
}

_STOP_WORDS = "a an and are as at be but by for from in is it its of on or that the them this to was what with"
STOP_WORDS = set(_STOP_WORDS.split())
WORDS_PER_MINUTE = 230


class Word(TypedDict):
    word: str
    count: int


class Statistics(TypedDict):
    words: int
    sentences: int
    reading_minutes: float
    reading_ease: float
    level: str
    top_words: list[Word]


def text_statistics(
    text: Annotated[str, "Any English text"],
    top: Annotated[int, "How many frequent words to list"] = 5,
) -> Statistics:
    """Count words and sentences, and rate how easy a text is to read.

    Returns:
        The counts, the Flesch reading ease (0 hard to 100 easy) with its level in words, and the most frequent words.
    """
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)
    sentences = max(len(re.findall(r"[.!?…]+(?:\s|$)", text)), 1 if words else 0)
    ease = _reading_ease(words, sentences)
    frequent = Counter(word for word in map(str.lower, words) if word not in STOP_WORDS)
    return {
        "words": len(words),
        "sentences": sentences,
        "reading_minutes": round(len(words) / WORDS_PER_MINUTE, 2),
        "reading_ease": ease,
        "level": _level(ease),
        "top_words": [{"word": word, "count": count} for word, count in frequent.most_common(max(top, 0))],
    }


def _reading_ease(words: list[str], sentences: int) -> float:
    """Flesch's formula, kept between 0 and 100."""
    if not words:
        return 0.0
    syllables = sum(_syllables(word) for word in words)
    ease = 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)
    return round(min(max(ease, 0.0), 100.0), 1)


def _syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end: right for most English words."""
    groups = re.findall(r"[aeiouyäöü]+", word.lower())
    silent = word.lower().endswith("e") and not word.lower().endswith("le") and len(groups) > 1
    return max(len(groups) - silent, 1)


def _level(ease: float) -> str:
    levels = [(80, "easy"), (60, "plain"), (40, "demanding"), (20, "difficult")]
    return next((level for bound, level in levels if ease >= bound), "very difficult")
