"""When the bytes of a file were last compared with their checksum, and bytes that no file names."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "fixity",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("misses", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fixity")),
    )
    for column in ("result", "checked", "due"):
        op.create_index(op.f(f"ix_fixity_{column}"), "fixity", [column], unique=False)
    # What was kept longest is due first; the cycle takes them at its own rate.
    op.execute(
        "INSERT INTO fixity (key, since, due) SELECT key, MIN(created), MIN(created) "
        "FROM file GROUP BY key"
    )
    op.create_table(
        "garbage",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("taken", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_garbage")),
    )
    op.create_index(op.f("ix_garbage_since"), "garbage", ["since"], unique=False)
    op.create_table(
        "source_address",
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=1024), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_source_address_item_id_item")
        ),
        sa.PrimaryKeyConstraint("item_id", "n", "address", name=op.f("pk_source_address")),
    )
    op.create_index(op.f("ix_source_address_address"), "source_address", ["address"], unique=False)
