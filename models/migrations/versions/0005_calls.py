"""calls, and what is kept of their inputs and outputs"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "call_record",
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("deployment_id", TEXT(), nullable=False),
        sa.Column("gateway_id", TEXT(), nullable=False),
        sa.Column("boot_id", TEXT(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("time", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("channel", TEXT(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", TEXT(), nullable=True),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.Column("request_id", TEXT(), nullable=False),
        sa.Column("key_id", TEXT(), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("gateway_id", "boot_id", "cursor"),
    )
    op.create_index("call_record_of_deployment", "call_record", ["deployment_id", "id", "time"])
    op.create_index("call_record_by_request_id", "call_record", ["request_id", "id"])
    op.create_index("call_record_by_key", "call_record", ["key_id", "id"])
    op.create_table(
        "call_content",
        sa.Column("call_id", number, autoincrement=False, nullable=False),
        sa.Column("expires_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("altered", sa.Boolean(), nullable=False),
        sa.Column("inputs", TEXT(), nullable=True),
        sa.Column("outputs", TEXT(), nullable=True),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_index("ix_call_content_expires_at", "call_content", ["expires_at"])
    op.create_table(
        "call_cursor",
        sa.Column("source", TEXT(), nullable=False),
        sa.Column("boot_id", TEXT(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )


def downgrade() -> None:
    op.drop_table("call_cursor")
    op.drop_table("call_content")
    op.drop_table("call_record")
