"""Dates at which a visibility changes by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    again = sa.Column("next_try", sa.DateTime(timezone=True), nullable=True)
    op.add_column("version", again)
    op.add_column("version", sa.Column("delay", sa.JSON(), nullable=True))
    for date in ("until", "publish_at"):
        name = op.f(f"ix_version_visibility_{date}")
        op.create_index(name, "version", ["visibility", date], unique=False)
