"""metrics: a tier of quarters of an hour between minutes and hours

How far minutes had been merged into hours is how far quarters have been now, and the minutes that are still there are
merged into quarters from the first one on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHOLE = (
    *("requests", "client_errors", "refused", "errors", "timeouts", "cancelled"),
    *("latency_us_sum", "latency_us_min", "latency_us_max", "tokens_in", "tokens_out"),
)


def upgrade() -> None:
    op.create_table(
        "metric_quarter",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in WHOLE),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("in_flight", sa.BigInteger(), nullable=False),
        sa.Column("histogram", sa.LargeBinary(), nullable=False),
        sa.Column("series_id", NUMBER, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["metric_series.id"]),
        sa.PrimaryKeyConstraint("series_id", "start"),
        sqlite_with_rowid=False,
    )
    op.execute("UPDATE metric_merge SET tier = 'quarter' WHERE tier = 'minute'")


def downgrade() -> None:
    op.execute("DELETE FROM metric_merge WHERE tier = 'minute'")
    op.execute("UPDATE metric_merge SET tier = 'minute' WHERE tier = 'quarter'")
    op.drop_table("metric_quarter")
