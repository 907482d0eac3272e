"""Run by Alembic: the steps happen on the connection, in the transaction, that the caller holds."""

from alembic import context

from catalog.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=False,
)
context.run_migrations()
