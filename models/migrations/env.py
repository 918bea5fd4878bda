"""How Alembic runs our migrations: on the connection that it is given, in batches where SQLite wants them."""

from alembic import context
from sqlmodel import SQLModel

import models.agent
import models.call
import models.deployment
import models.gateway
import models.health
import models.log
import models.metrics
import models.notification
import models.status_page  # noqa: F401  (these make the metadata complete)

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
