"""expiry, rotation and use of invocation keys"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("deployment_key") as table:
        for name in ("expires_at", "last_used_at"):
            table.add_column(sa.Column(name, nexdeck.models.base.UtcDateTime(timezone=True), nullable=True))
        for name in ("replaced_by", "revoked_by", "counted_boot_id"):
            table.add_column(sa.Column(name, TEXT(), nullable=True))
        for name in ("use_count", "counted_uses"):
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("deployment_key") as table:
        for name in (
            *("expires_at", "last_used_at", "replaced_by", "revoked_by"),
            *("counted_boot_id", "use_count", "counted_uses"),
        ):
            table.drop_column(name)
