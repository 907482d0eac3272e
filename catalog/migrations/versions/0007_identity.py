"""Who an account is to others, what tokens are for, and grants that end."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go one step on."""
    kind = sa.Column("kind", sa.String(length=16), server_default="person", nullable=False)
    op.add_column("account", kind)
    op.create_table(
        "identity",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("account_id", _COUNTER, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_identity_account_id_account")
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identity")),
    )
    op.create_index(op.f("ix_identity_account_id"), "identity", ["account_id"], unique=False)
    label = sa.Column("label", sa.String(length=255), server_default="", nullable=False)
    op.add_column("token", label)
    op.add_column("token", sa.Column("scopes", sa.String(length=64), nullable=True))
    op.add_column("token", sa.Column("last_used", sa.DateTime(timezone=True), nullable=True))
    groups = sa.Column("groups", sa.Text(), server_default="[]", nullable=False)
    op.add_column("sign_in", groups)
    op.add_column("sign_in", sa.Column("sealed", sa.Text(), nullable=True))
    with op.batch_alter_table("sign_in") as sign_in:
        sign_in.alter_column("token_hash", existing_type=sa.String(length=64), nullable=True)
    op.add_column("permission", sa.Column("expires", sa.DateTime(timezone=True), nullable=True))
