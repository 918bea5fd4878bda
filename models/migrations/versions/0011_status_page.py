"""the public status page's settings"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table(
        "status_page",
        sa.Column("workspace_id", TEXT(), nullable=False),
        sa.Column("organization_id", TEXT(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("slug", TEXT(), nullable=False),
        sa.Column("title", TEXT(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("updated_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_by", TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id"),
        sa.UniqueConstraint("slug"),
    )


def downgrade() -> None:
    op.drop_table("status_page")
