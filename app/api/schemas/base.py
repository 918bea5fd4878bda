"""What all answers share. Times are RFC 3339 in UTC."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from nexdeck.services.platform.paging import Page

T = TypeVar("T")


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Listing(BaseModel, Generic[T]):
    items: list[T]
    total: int = Field(description="how many there are on all pages")
    next_cursor: str | None = Field(default=None, description="pass it as `cursor` for the next page; null on the last")

    @classmethod
    def whole(cls, items: list[T]) -> "Listing[T]":
        """A list that is short enough to be given at once."""
        return cls(items=items, total=len(items))

    @classmethod
    def page(cls, page: Page, items: list[T]) -> "Listing[T]":
        return cls(items=items, total=page.total, next_cursor=page.next_cursor)
