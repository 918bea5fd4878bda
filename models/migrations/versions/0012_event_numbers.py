"""numbers of incidents' events that SQLite never gives out again

Who reads the events after the last number that it saw would miss one whose number was used before. PostgreSQL's
sequences never go back.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rebuild(True)


def downgrade() -> None:
    _rebuild(False)


def _rebuild(autoincrement: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        kept = {"sqlite_autoincrement": autoincrement}
        with op.batch_alter_table("incident_event", recreate="always", table_kwargs=kept):
            pass
