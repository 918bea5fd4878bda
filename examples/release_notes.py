"""Release notes from commit subjects, told line by line as they are written."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated

__version__ = "1.0.0"
SAMPLE = {
    "commits": "feat: follow a log in the browser\nfix(cli): keep the exit code\nAdd PostgreSQL\nfix: a typo",
    "title": "Version 1.4",
}

HEADINGS = {"feat": "New", "fix": "Fixed", "perf": "Faster", "docs": "Documentation", "": "Also"}
SUBJECT = re.compile(r"(?:(?P<kind>[a-z]+)(?:\((?P<scope>[^)]*)\))?!?: *)?(?P<text>.+)")
PAUSE = 0.05  # seconds between two lines, so that one can watch it


async def release_notes(
    commits: Annotated[str, "Subjects of commits, one a line; conventional ones (fix: …) are sorted by their kind"],
    title: Annotated[str, "The heading of the notes"] = "Release notes",
) -> AsyncIterator[str]:
    """Sort commit subjects into release notes, and stream them as Markdown.

    Returns:
        The notes as Markdown.
    """
    yield f"# {title}\n"
    for heading, lines in _sorted(commits).items():
        yield f"\n## {heading}\n\n"
        for line in lines:
            await asyncio.sleep(PAUSE)
            yield f"- {line}\n"


def _sorted(commits: str) -> dict[str, list[str]]:
    """The lines below each heading that has any, in the order of the headings."""
    found: dict[str, list[str]] = {heading: [] for heading in HEADINGS.values()}
    for subject in filter(None, map(str.strip, commits.splitlines())):
        parts = SUBJECT.match(subject)
        text = parts["text"][0].upper() + parts["text"][1:]
        heading = HEADINGS.get(parts["kind"] or "", HEADINGS[""])
        found[heading].append(f"{text} ({parts['scope']})" if parts["scope"] else text)
    return {heading: lines for heading, lines in found.items() if lines}
