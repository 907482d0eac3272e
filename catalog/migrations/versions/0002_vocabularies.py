"""Which concepts descriptions cite, and every release of the vocabularies with its changes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go one step on."""
    _uses()
    _releases()


def _uses() -> None:
    op.create_table(
        "term_use",
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("term", sa.String(length=512), nullable=False),
        sa.Column("scheme", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_term_use_item_id")),
        sa.PrimaryKeyConstraint("item_id", "n", "term", name=op.f("pk_term_use")),
    )
    op.create_index(op.f("ix_term_use_term"), "term_use", ["term"], unique=False)
    op.create_index(op.f("ix_term_use_scheme"), "term_use", ["scheme"], unique=False)


def _releases() -> None:
    op.create_table(
        "library_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_library_file")),
    )
    op.create_table(
        "release",
        sa.Column("seq", _COUNTER, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_release")),
    )
    op.create_index(op.f("ix_release_version"), "release", ["version"], unique=False)
    op.create_table(
        "release_file",
        sa.Column("seq", _COUNTER, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["release.seq"], name=op.f("fk_release_file_seq")),
        sa.ForeignKeyConstraint(
            ["sha256"], ["library_file.sha256"], name=op.f("fk_release_file_sha256")
        ),
        sa.PrimaryKeyConstraint("seq", "name", name=op.f("pk_release_file")),
    )
    op.create_index(op.f("ix_release_file_name"), "release_file", ["name"], unique=False)
    op.create_table(
        "term_change",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("seq", _COUNTER, nullable=False),
        sa.Column("scheme", sa.String(length=128), nullable=False),
        sa.Column("term", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["release.seq"], name=op.f("fk_term_change_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_change")),
    )
    for column in ("seq", "scheme", "term"):
        op.create_index(op.f(f"ix_term_change_{column}"), "term_change", [column], unique=False)
