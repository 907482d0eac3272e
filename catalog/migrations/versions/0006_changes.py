"""The log of what everybody can see, with what happened so far taken over from the events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PUBLIC = {"public", "restricted", "embargoed"}
_SHOWING = {"published", "visibility-changed"}
_CHANGING = {"revised", "deprecated", "undeprecated", "withdrawn"} | _SHOWING
_AT_ONCE = 500


def upgrade() -> None:
    """Go one step on."""
    change = op.create_table(
        "change",
        sa.Column("seq", _COUNTER, autoincrement=False, nullable=False),
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_item_id"), "change", ["item_id"], unique=False)
    announced = op.create_table(
        "announced",
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_announced")),
        sa.UniqueConstraint("position", name=op.f("uq_announced_position")),
    )
    for columns in (["at", "item_id"], ["type", "at", "item_id"], ["is_deleted", "type"]):
        name = op.f(f"ix_announced_{'_'.join(columns)}")
        op.create_index(name, "announced", columns, unique=False)
    fact = sa.table("fact", sa.column("name", sa.String), sa.column("value", sa.Text))
    op.execute(fact.insert().values(name="changes", value=""))
    told = _Told()
    changes = list(told.changes(op.get_bind()))
    for begin in range(0, len(changes), _AT_ONCE):
        op.bulk_insert(change, changes[begin : begin + _AT_ONCE])
    items = list(told.items.values())
    for begin in range(0, len(items), _AT_ONCE):
        op.bulk_insert(announced, items[begin : begin + _AT_ONCE])


_VERSION = sa.table(
    "version",
    sa.column("item_id", sa.String),
    sa.column("n", sa.Integer),
    sa.column("type", sa.String),
    sa.column("withdrawal", sa.JSON),
)
_EVENT = sa.table(
    "event",
    sa.column("seq", sa.Integer),
    sa.column("item_id", sa.String),
    sa.column("n", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("detail", sa.JSON),
)


@dataclass
class _Told:
    """What the events tell once they are gone through in their order.

    shown  item to the versions that everybody sees, as far as it was told
    items  item to its row of `announced`
    """

    shown: dict[str, set[int]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: datetime | None = None

    def changes(self, connection: sa.Connection) -> Iterator[dict[str, Any]]:
        """Yield the rows of `change`."""
        rows = connection.execute(sa.select(_VERSION)).all()
        types = {(row.item_id, row.n): row.type for row in rows}
        withdrawn: dict[tuple[str, str], set[int]] = {}
        for row in rows:
            if row.withdrawal:
                withdrawn.setdefault((row.item_id, row.withdrawal["at"]), set()).add(row.n)
        events = sa.select(_EVENT).where(_EVENT.c.kind.in_(_CHANGING)).order_by(_EVENT.c.seq)
        seq = 0
        for event in connection.execute(events):
            key = (event.item_id, event.n)
            if key in types and (kind := self._kind(event, withdrawn)):
                seq += 1
                yield self._change(seq, event, kind, types[key])

    def _kind(self, event: Any, withdrawn: dict[tuple[str, str], set[int]]) -> str | None:
        """Return what an event was to everybody, None for what nobody saw."""
        shown = self.shown.setdefault(event.item_id, set())
        was_shown, saw_it = bool(shown), event.n in shown
        if event.kind in _SHOWING and event.detail.get("visibility") in _PUBLIC:
            shown.add(event.n)
            return "updated" if was_shown else "created"
        if event.kind == "withdrawn":
            gone = withdrawn.get((event.item_id, _utc(event.at).isoformat()), {event.n})
            saw_it = bool(shown & gone)
            shown -= gone
        if not saw_it:
            return None
        return "updated" if shown else "deleted"

    def _change(self, seq: int, event: Any, kind: str, item_type: str) -> dict[str, Any]:
        at = _utc(event.at)
        if self.last is not None:
            at = max(at, self.last + timedelta(microseconds=1))
        self.last = at
        item = self.items.setdefault(
            event.item_id, {"item_id": event.item_id, "position": len(self.items) + 1}
        )
        item |= {"type": item_type, "at": at, "is_deleted": kind == "deleted"}
        shown = self.shown[event.item_id]
        n = event.n if event.n in shown or not shown else max(shown)
        return {"seq": seq, "item_id": event.item_id, "n": n, "kind": kind, "type": item_type,
                "at": at}  # fmt: skip


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
