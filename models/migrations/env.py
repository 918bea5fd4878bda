"""How Alembic runs our migrations: on the connection that it is given, in batches where SQLite wants them."""

from alembic import context
from sqlmodel import SQLModel

import nexdeck.models.agent
import nexdeck.models.call
import nexdeck.models.deployment
import nexdeck.models.gateway
import nexdeck.models.health
import nexdeck.models.log
import nexdeck.models.metrics
import nexdeck.models.notification
import nexdeck.models.status_page  # noqa: F401  (these make the metadata complete)

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
