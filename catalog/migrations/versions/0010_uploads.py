"""Files on their way in by parts, and quotas."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("folded", sa.String(length=1024), nullable=False),
        sa.Column("name", sa.String(length=1024), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("part_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("by_id", _COUNTER, nullable=True),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_upload_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_state"), "upload", ["state"], unique=False)
    op.create_index(op.f("ix_upload_item_id_state"), "upload", ["item_id", "state"], unique=False)
    op.create_table(
        "reservation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", _COUNTER, nullable=False),
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_reservation_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    for column in ("account_id", "item_id", "expires"):
        op.create_index(op.f(f"ix_reservation_{column}"), "reservation", [column], unique=False)
    _count_files()


def _count_files() -> None:
    """Begin to count what versions and items keep, instead of counting it whenever it is asked."""
    for table, name, kind in (
        ("item", "kept_files", sa.Integer()),
        ("item", "kept_bytes", sa.BigInteger()),
        ("version", "files_total", sa.Integer()),
    ):
        op.add_column(table, sa.Column(name, kind, server_default="0", nullable=False))
    op.create_index(
        op.f("ix_item_owner_id_kept_files_kept_bytes"),
        "item",
        ["owner_id", "kept_files", "kept_bytes"],
        unique=False,
    )
    op.create_index(op.f("ix_file_sha256_item_id"), "file", ["sha256", "item_id"], unique=False)
    for statement in COUNTING:
        op.execute(statement)


# Versions share objects: each counts with the first version that has it, under one name of it.
_ONCE = (
    "FROM file WHERE file.item_id = item.id AND NOT EXISTS (SELECT 1 FROM file AS earlier "
    "WHERE earlier.key = file.key AND (earlier.n < file.n "
    "OR (earlier.n = file.n AND earlier.folded < file.folded)))"
)
COUNTING = (
    "UPDATE version SET files_total = (SELECT COUNT(*) FROM file "
    "WHERE file.item_id = version.item_id AND file.n = version.n)",
    f"UPDATE item SET kept_files = (SELECT COUNT(*) {_ONCE}), "  # noqa: S608
    f"kept_bytes = (SELECT COALESCE(SUM(file.size_bytes), 0) {_ONCE})",
)
