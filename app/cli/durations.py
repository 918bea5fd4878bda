"""Points in time as people say them on the command line."""

import re
from datetime import UTC, datetime, timedelta

from nexdeck.app.cli.exits import CliError, ExitCode

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_in(text: str | None, option: str, *, ago: bool = False) -> str | None:
    """``90d`` from now (or ``ago``), or the date that the text is, as RFC 3339; None stays. Raises CliError that names
    the option.

    A date or time without a zone is the local one, as on the clock of whoever says it.
    """
    if text is None:
        return None
    try:
        if span := re.fullmatch(r"(\d{1,6})([smhdw])", text.strip()):
            moment = datetime.now(UTC) + timedelta(**{_UNITS[span[2]]: int(span[1])}) * (-1 if ago else 1)
        else:
            moment = datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        detail = f"{option} is a time such as 12h or 90d, or a date such as 2027-01-31; {text!r} is neither."
        raise CliError.because(ExitCode.USAGE, detail) from error
    return moment.isoformat()
