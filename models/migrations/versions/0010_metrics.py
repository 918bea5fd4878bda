"""metrics: series, counts, and rollups by minute, hour and day"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTED = ("counted_boot_id", "counted_requests", "counted_errors", "counted_latency_ms")
TIERS = ("metric_minute", "metric_hour", "metric_day")


def upgrade() -> None:
    op.create_table(
        "metric_series",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("deployment_id", TEXT(), nullable=False),
        sa.Column("gateway_id", TEXT(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("channel", TEXT(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deployment_id", "gateway_id", "revision", "channel"),
    )
    op.create_index("ix_metric_series_gateway_id", "metric_series", ["gateway_id"])
    op.create_table(
        "metric_cursor",
        sa.Column("source", TEXT(), nullable=False),
        sa.Column("boot_id", TEXT(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "metric_merge",
        sa.Column("tier", TEXT(length=8), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tier"),
    )
    op.create_table(
        "metric_count",
        *_counts(),
        sa.Column("series_id", NUMBER, nullable=False),
        sa.Column("boot_id", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["metric_series.id"]),
        sa.PrimaryKeyConstraint("series_id"),
    )
    for name in TIERS:
        op.create_table(
            name,
            *_counts(),
            sa.Column("series_id", NUMBER, nullable=False),
            sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.ForeignKeyConstraint(["series_id"], ["metric_series.id"]),
            sa.PrimaryKeyConstraint("series_id", "start"),
            sqlite_with_rowid=False,
        )
    for name in COUNTED:
        op.execute(f"ALTER TABLE deployment DROP COLUMN {name}")


def downgrade() -> None:
    op.execute("ALTER TABLE deployment ADD COLUMN counted_boot_id VARCHAR")
    for name in COUNTED[1:]:
        op.execute(f"ALTER TABLE deployment ADD COLUMN {name} DOUBLE PRECISION DEFAULT 0 NOT NULL")
    for name in (*TIERS, "metric_count", "metric_merge", "metric_cursor", "metric_series"):
        op.drop_table(name)


def _counts() -> list[sa.Column]:
    whole = ("requests", "client_errors", "refused", "errors", "timeouts", "cancelled")
    whole += ("latency_us_sum", "latency_us_min", "latency_us_max", "tokens_in", "tokens_out")
    return [
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in whole),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("in_flight", sa.BigInteger(), nullable=False),
        sa.Column("histogram", sa.LargeBinary(), nullable=False),
    ]
