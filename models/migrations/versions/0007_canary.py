"""how long an operation may take, and who ended its canary before the time"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("operation") as table:
        table.add_column(sa.Column("seconds_allowed", sa.Float(), nullable=False, server_default="60"))
        table.add_column(sa.Column("promoted_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("operation") as table:
        table.drop_column("promoted_by")
        table.drop_column("seconds_allowed")
