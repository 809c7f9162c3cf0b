"""Run migrations on the connection that `gateway.store.schema` hands over, inside its transaction."""

from alembic import context

from gateway.models import metadata

# The metadata also gives constraints their names, so that both databases and the models call them the same.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
