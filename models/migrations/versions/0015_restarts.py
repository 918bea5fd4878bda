"""health: which boot of a gateway was seen last, and when it lately started anew unasked"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("health_standing", sa.Column("boot_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("health_standing", sa.Column("restarts", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    for name in ("restarts", "boot_id"):
        op.drop_column("health_standing", name)
