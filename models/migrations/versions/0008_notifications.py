"""notifications: channels, and the outbox of what they are told"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = nexdeck.models.base.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notification_channel",
        sa.Column("id", TEXT(), nullable=False),
        sa.Column("organization_id", TEXT(), nullable=False),
        sa.Column("workspace_id", TEXT(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column(
            "kind", sa.Enum("apprise", "webhook", name="channelkind", native_enum=False, length=32), nullable=False
        ),
        sa.Column("encrypted_url", TEXT(), nullable=False),
        sa.Column("encrypted_secret", TEXT(), nullable=False),
        sa.Column("shown", TEXT(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", TEXT(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "name"),
    )
    op.create_table(
        "notification_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "notification_delivery",
        sa.Column("id", TEXT(), nullable=False),
        sa.Column("channel_id", TEXT(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", TEXT(), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "opened",
                "changed",
                "flapping",
                "acknowledged",
                "recovered",
                "test",
                name="noticeevent",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "severity", sa.Enum("warning", "critical", name="severity", native_enum=False, length=32), nullable=False
        ),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "sent", "failed", name="deliverystate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("error", TEXT(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["notification_channel.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel_id", "event_id"),
    )
    op.create_index("ix_notification_delivery_created_at", "notification_delivery", ["created_at"])
    op.create_index(
        "notification_delivery_due",
        "notification_delivery",
        ["due_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("notification_delivery_of_incident", "notification_delivery", ["incident_id", "channel_id"])


def downgrade() -> None:
    for table in ("notification_delivery", "notification_cursor", "notification_channel"):
        op.drop_table(table)
