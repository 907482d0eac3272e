"""What people propose about the vocabularies, with discussion and decision."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "proposal",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scheme", sa.String(length=128), nullable=False),
        sa.Column("concept", sa.String(length=1024), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("library_version", sa.String(length=64), nullable=False),
        sa.Column("account_id", _COUNTER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decider_id", _COUNTER, nullable=True),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["decider_id"], ["account.id"], name=op.f("fk_proposal_decider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    for column in ("scheme", "concept", "account_id", "state"):
        op.create_index(op.f(f"ix_proposal_{column}"), "proposal", [column], unique=False)
    op.create_table(
        "proposal_note",
        sa.Column("proposal_id", _COUNTER, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("account_id", _COUNTER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proposal_note_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_note_proposal_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", "n", name=op.f("pk_proposal_note")),
    )
