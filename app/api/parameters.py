"""What routes take: names in paths, filters, bodies; and what every route is given."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidatorFunctionWrapHandler,
    model_validator,
)

from nexdeck.app.api.patterns import LABEL_PATTERN, LINE_PATTERN, REFERENCE_PATTERN
from nexdeck.models.actor import CLI_AGENT, Actor, Through
from nexdeck.models.manifest import VARIABLE_PATTERN
from nexdeck.services.platform.paging import MAX_LIMIT
from nexdeck.services.studio import Studio

MAX_DEPTH = 64
_DATE = re.compile(r"[0-9]{4}-")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def _studio(request: Request) -> Studio:
    return request.app.state.studio


def _caller(request: Request) -> Actor:
    """Who asks. There is no sign-in yet, and everything listens on loopback only: it is the person at this machine."""
    through = Through.CLI if request.headers.get("User-Agent") == CLI_AGENT else Through.REST
    return Actor("local", through, request.client and request.client.host)


Services = Annotated[Studio, Depends(_studio)]
Caller = Annotated[Actor, Depends(_caller)]


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("there is no such time in UTC") from error


def _no_number(value: Any) -> Any:
    """pydantic would take a number for seconds since 1970; the document says that a time is a text."""
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("write it like 2026-11-25T10:00:00Z")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_in_utc)]
Reference = Annotated[str, Path(pattern=REFERENCE_PATTERN, description="an id, or a name where it is unambiguous")]
VersionLabel = Annotated[str, Path(pattern=LABEL_PATTERN, description="a semantic version, e.g. 1.2.0")]
SecretName = Annotated[str, Path(pattern=VARIABLE_PATTERN, description="a variable's name")]

SearchText = Annotated[str, Query(max_length=200, pattern=LINE_PATTERN, description="part of a name")]
ReferenceFilter = Annotated[str | None, Query(pattern=REFERENCE_PATTERN, description="an id or a name")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="how many items at most")]
Cursor = Annotated[
    str | None, Query(pattern=r"^[0-9]{1,9}$", description="next_cursor of the page before; none for the first page")
]
Wait = Annotated[
    float, Query(ge=0, le=120, allow_inf_nan=False, description="seconds to hold the answer until the operation ends")
]


class Body(BaseModel):
    """A request's body. Beyond what its fields say it holds nothing that a database or JSON cannot carry."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="wrap")
    @classmethod
    def _clean(cls, value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        for place, message in _unclean(value):
            raise ValueError(f"{place}: {message}" if place else message)
        return validate(value)


def _unclean(document: Any) -> Iterator[tuple[str, str]]:
    """(dotted path, what is wrong there) in a JSON document that was parsed already."""
    pending: list[tuple[str, Any, int]] = [("", document, 0)]
    while pending:
        place, value, depth = pending.pop()
        if depth > MAX_DEPTH:
            yield "", f"it is nested more than {MAX_DEPTH} levels deep"
        elif isinstance(value, dict):
            pending += [(place, name, depth + 1) for name in value]
            pending += [(_below(place, name), item, depth + 1) for name, item in value.items()]
        elif isinstance(value, list):
            pending += [(_below(place, number), item, depth + 1) for number, item in enumerate(value)]
        elif isinstance(value, str) and _NOT_TEXT.search(value):
            yield place, "a text here has a NUL character or half of a surrogate pair; leave those out"
        elif isinstance(value, float) and not math.isfinite(value):
            yield place, "NaN and Infinity are not JSON; use null or a number"
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            yield place, "this integer does not fit into 64 bits; send it as a text"


def _below(place: str, name: str | int) -> str:
    step = _NOT_TEXT.sub("�", str(name)[:100])
    return f"{place}.{step}" if place else step
