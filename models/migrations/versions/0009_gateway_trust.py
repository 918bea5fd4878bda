"""how the certificate of a gateway is verified, and gateways that belong to one deployment"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    kinds = sa.Enum("system", "ca", "pin", name="trustkind", native_enum=False, length=32)
    op.add_column("gateway", sa.Column("trust", kinds, nullable=False, server_default="system"))
    op.add_column("gateway", sa.Column("certificate", TEXT(), nullable=True))
    op.add_column("gateway", sa.Column("dedicated_to", TEXT(), nullable=True))


def downgrade() -> None:
    for name in ("dedicated_to", "certificate", "trust"):
        op.drop_column("gateway", name)
