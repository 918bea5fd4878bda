"""What changes between two revisions, as JSON."""

from pydantic import Field

from nexdeck.app.api.schemas.base import Shape


class ContractChangeShape(Shape):
    path: str = Field(description="where, as a dotted path: `inputs.items[].price`, `channels.mcp`")
    what: str = Field(description="in words: `is new and required`")
    breaking: bool = Field(description="whether callers of today would notice")


class OptionChangeShape(Shape):
    path: str = Field(description="`limits.timeout_seconds`, `environment.REGION`; of secrets only the names")
    before: str | None = Field(description="null: it was not set")
    after: str | None = Field(description="null: it is not set any more")


class TextDiffShape(Shape):
    name: str
    lines: list[str] = Field(description="a unified diff")
    added: int
    removed: int


class RevisionDiffShape(Shape):
    before_revision: int | None
    after_revision: int | None = Field(description="null: a redeploy would make it")
    before_version: str
    after_version: str
    contract: list[ContractChangeShape] = Field(description="what callers would notice, the breaking changes first")
    options: list[OptionChangeShape]
    texts: list[TextDiffShape] = Field(description="the source, and the module where that is generated from it")
