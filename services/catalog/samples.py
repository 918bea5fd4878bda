"""The sample agents that ship with Nexdeck: sources in the ``examples`` folder, beside the code."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "examples"


def sample_sources() -> list[tuple[str, str]]:
    """``(filename, source)`` of each sample, those that are composed of others last."""
    files = [path for path in FOLDER.iterdir() if path.suffix in (".py", ".yaml")]
    sources = sorted((path.name, path.read_text(encoding="utf-8")) for path in files)
    return sorted(sources, key=lambda sample: "\nkind: orchestration" in sample[1])
