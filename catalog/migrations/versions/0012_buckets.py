"""Items that Sage's storage API made, and the places of sensor blobs in Sage's object store."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_AT_ONCE = 500


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "bucket",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=10), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grants", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_bucket_item_id_item")),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_bucket")),
        sa.UniqueConstraint("item_id", name=op.f("uq_bucket_item_id")),
    )
    blob = op.create_table(
        "blob",
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_blob_item_id_item")),
        sa.PrimaryKeyConstraint("item_id", "n", "path", name=op.f("pk_blob")),
    )
    op.create_index(op.f("ix_blob_path"), "blob", ["path"], unique=False)
    op.add_column("file", sa.Column("md5", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_file_item_id_n_name"), "file", ["item_id", "n", "name"], unique=False)
    op.create_index(op.f("ix_file_name"), "file", ["name"], unique=False)
    rows = list(_blobs(op.get_bind()))
    for begin in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(blob, rows[begin : begin + _AT_ONCE])


_VERSION = sa.table(
    "version",
    sa.column("item_id", sa.String),
    sa.column("n", sa.Integer),
    sa.column("type", sa.String),
    sa.column("ntriples", sa.Text),
)
_KEY = re.compile(r' <https://w3id\.org/sage/ns#storageKey> "node-data/([^"\\]{1,1024})" \.')
_ADDRESS = re.compile(
    r" <http://www\.w3\.org/ns/dcat#downloadURL> <https?://[^/>]+/api/v1/data/([^>?#]{1,3072})> \."
)


def _blobs(connection: sa.Connection) -> Iterator[dict[str, object]]:
    """Yield what the descriptions of sensor blobs say so far."""
    wanted = sa.select(_VERSION).where(_VERSION.c.type == "sensor-blob")
    for row in connection.execute(wanted):
        keys = set(_KEY.findall(row.ntriples))
        places = {unquote(found) for found in _ADDRESS.findall(row.ntriples)}
        for path in sorted(keys | places):
            if len(path) <= 1024:
                yield {"item_id": row.item_id, "n": row.n, "path": path}
