"""The schema's history, for Alembic. Forward only."""
