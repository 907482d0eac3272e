"""How far the registration of each DOI has come, and what the registrar was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("doi", sa.Column("changed", sa.DateTime(timezone=True), nullable=True))
    op.add_column("doi", sa.Column("sent", sa.String(length=64), nullable=True))
    op.add_column("doi", sa.Column("kept", sa.String(length=64), nullable=True))
    op.add_column("doi", sa.Column("asking", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_doi_state"), "doi", ["state"], unique=False)
