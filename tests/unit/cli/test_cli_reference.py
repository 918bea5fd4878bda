"""docs/cli.md says what the commands themselves say."""

from pathlib import Path

from nexdeck.app.cli.reference import reference

DOCUMENT = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_reference_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == reference(), "write it anew: python -m nexdeck.app.cli.reference > docs/cli.md"
