"""logs, and the full-text index over them"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TROUBLE = "level IN ('WARNING', 'ERROR', 'CRITICAL')"
TEXT = sqlmodel.sql.sqltypes.AutoString

# The deployment is part of the index: a word that is common elsewhere and rare in one deployment is found as fast.
SQLITE_SEARCH = (
    """CREATE VIRTUAL TABLE log_search USING fts5(
        deployment_id, message, exception,
        content='log_record', content_rowid='id', tokenize='unicode61 remove_diacritics 0'
    )""",
)
# What is neither letter nor digit separates words, as it does in SQLite; PostgreSQL's own parser would see addresses
# and paths as one word each.
POSTGRESQL_SEARCH = (
    """ALTER TABLE log_record ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector(
        'simple', regexp_replace(message || ' ' || coalesce(exception, ''), '[^[:alnum:]]+', ' ', 'g')
    )) STORED""",
    "CREATE INDEX log_record_search ON log_record USING gin (search)",
)


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "log_record",
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("deployment_id", TEXT(), nullable=False),
        sa.Column("gateway_id", TEXT(), nullable=False),
        sa.Column("boot_id", TEXT(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("time", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("level", TEXT(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("request_id", TEXT(), nullable=True),
        sa.Column("logger", TEXT(), nullable=False),
        sa.Column("message", TEXT(), nullable=False),
        sa.Column("exception", TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway_id", "boot_id", "cursor"),
    )
    op.create_index("log_record_of_deployment", "log_record", ["deployment_id", "id", "time"])
    op.create_index("log_record_of_request", "log_record", ["request_id", "id"])
    op.create_index(
        "log_record_of_trouble",
        "log_record",
        ["deployment_id", "id"],
        sqlite_where=sa.text(TROUBLE),
        postgresql_where=sa.text(TROUBLE),
    )
    op.create_table(
        "log_cursor",
        sa.Column("source", TEXT(), nullable=False),
        sa.Column("boot_id", TEXT(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    search = {"sqlite": SQLITE_SEARCH, "postgresql": POSTGRESQL_SEARCH}[op.get_bind().dialect.name]
    for statement in search:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE log_search")
    op.drop_table("log_cursor")
    op.drop_table("log_record")
