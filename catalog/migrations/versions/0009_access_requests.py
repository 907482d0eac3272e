"""Requests for access, and the agreements that they are granted under."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "agreement",
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", _COUNTER, nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_agreement_item_id_item")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_agreement_account_id_account")
        ),
        sa.PrimaryKeyConstraint("item_id", "n", name=op.f("pk_agreement")),
    )
    op.create_table(
        "access_request",
        sa.Column("id", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("account_id", _COUNTER, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decider_id", _COUNTER, nullable=True),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=24), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_access_request_item_id_item")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_access_request_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["decider_id"], ["account.id"], name=op.f("fk_access_request_decider_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
    )
    for columns in (["item_id", "at", "id"], ["account_id", "at", "id"], ["state"]):
        name = op.f(f"ix_access_request_{'_'.join(columns)}")
        op.create_index(name, "access_request", columns, unique=False)
