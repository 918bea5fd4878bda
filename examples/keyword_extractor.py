"""The keywords of a text by RAKE: phrases between stop words, scored by how their words keep company."""

import re
from collections import defaultdict
from typing import Annotated, TypedDict

__version__ = "1.0.0"
SAMPLE = {
    "text": "Zero downtime deployment needs a health check. A failed health check stops the deployment early.",
    "limit": 4,
}

_STOP_WORDS = """
    a about after all also an and any are as at be because been but by can do does for from had has have he her his
    how i if in into is it its more most needs no not of on one or other our out over she so some such than that the
    their them then there these they this to too under up very was we were what when where which while who will with
    would you your
"""
STOP_WORDS = set(_STOP_WORDS.split())


class Keyword(TypedDict):
    phrase: str
    score: float


class Keywords(TypedDict):
    keywords: list[Keyword]


def keyword_extractor(
    text: Annotated[str, "Any English text"],
    limit: Annotated[int, "How many keywords to give at most"] = 10,
) -> Keywords:
    """Find the phrases that say what a text is about, the strongest first."""
    phrases = _phrases(text)
    degree: dict[str, int] = defaultdict(int)
    frequency: dict[str, int] = defaultdict(int)
    for phrase in phrases:
        for word in phrase:
            frequency[word] += 1
            degree[word] += len(phrase)
    scores = {" ".join(phrase): sum(degree[word] / frequency[word] for word in phrase) for phrase in phrases}
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return {"keywords": [{"phrase": phrase, "score": round(score, 2)} for phrase, score in ranked[: max(limit, 0)]]}


def _phrases(text: str) -> list[list[str]]:
    """Runs of words without a stop word or a punctuation mark between them."""
    phrases: list[list[str]] = []
    for part in re.split(r"[^\w\s'’-]+", text.lower()):
        phrase: list[str] = []
        for word in [*part.split(), ""]:
            if word and word not in STOP_WORDS:
                phrase.append(word)
            elif phrase:
                phrases.append(phrase)
                phrase = []
    return phrases
