"""Log lines as JSON."""

from datetime import datetime

from pydantic import BaseModel, Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.models.log import LogLevel
from nexdeck.services.rules.steps import StepEnd


class LogLineShape(Shape):
    id: int = Field(description="grows in the order of arrival")
    deployment_id: str
    time: datetime
    level: LogLevel
    revision: int | None
    request_id: str | None
    logger: str = Field(description="the logger's name; `print` for what was printed, `gateway` for each request")
    message: str
    exception: str | None = Field(description="the traceback")


class LogListing(BaseModel):
    items: list[LogLineShape] = Field(description="in the order of time")
    next_cursor: str | None = Field(default=None, description="pass it as `cursor` for older lines; null on the last")


class OrchestrationStepShape(Shape):
    name: str
    member: str = Field(description="agent@version")
    started_at: datetime
    milliseconds: float
    status: StepEnd
    error: str | None = Field(description="the cause, of one that failed")
