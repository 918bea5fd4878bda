"""How far what gateways hold for us has been collected."""

from sqlalchemy import BigInteger, Integer
from sqlmodel import Field, SQLModel

# SQLite's row number must be an INTEGER; PostgreSQL's INTEGER would be full after two thousand million rows
ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")


class CursorRow(SQLModel):
    """The boot of a source, and the last item of that boot that we have."""

    source: str = Field(primary_key=True, description="a gateway's id")
    boot_id: str
    cursor: int = Field(sa_type=BigInteger)
