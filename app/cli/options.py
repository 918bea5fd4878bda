"""Options that many commands share."""

from typing import Annotated

import typer

Url = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where Nexdeck is; default: NEXDECK_URL, else the local one.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts; errors become problem documents.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Since = Annotated[str | None, typer.Option(metavar="WHEN", help="From then on: 15m, 2h, 3d ago, or a date.")]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="Before then.")]
