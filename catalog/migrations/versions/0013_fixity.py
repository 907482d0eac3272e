"""When the bytes of a file were last compared with their checksum."""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
