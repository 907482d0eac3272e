"""Requests for access, and the agreements that they are granted under."""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
