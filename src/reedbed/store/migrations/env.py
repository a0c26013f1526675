"""What Alembic runs: the migrations, inside the transaction that `reedbed.store.migrate` holds."""

from alembic import context

from reedbed.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
