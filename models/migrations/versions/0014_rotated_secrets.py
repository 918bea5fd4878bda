"""notifications: a webhook's secret is rotated in place, and the one before goes on for a while"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    old = sa.Column("encrypted_old_secret", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
    op.add_column("notification_channel", old)
    until = sa.Column("old_secret_until", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True)
    op.add_column("notification_channel", until)


def downgrade() -> None:
    for name in ("old_secret_until", "encrypted_old_secret"):
        op.drop_column("notification_channel", name)
