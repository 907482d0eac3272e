"""That the record knows how full its tables are, and finds what cites an item by what is cited."""

from pathlib import Path

from sqlalchemy import event, insert
from sqlalchemy.engine import Connection

from catalog.database import Database
from catalog.domain.permissions import ANYONE
from catalog.services.citations import citing
from catalog.tables import Citation, Item, Version
from tests.catalogs import catalog_in

ITEMS = 400


def fill(database: Database, item_id: str) -> None:
    """Copy an item many times; each copy cites the one before it."""
    with database.writing() as session:
        item, version = session.get_one(Item, item_id), session.get_one(Version, (item_id, 1))
        names = [f"{number:010d}" for number in range(ITEMS)]
        said = {column.name: getattr(version, column.name) for column in Version.__table__.columns}
        owned = {"owner_id": item.owner_id, "created": item.created, "newest": 1}
        session.execute(insert(Item), [{"id": name, **owned} for name in names])
        session.execute(insert(Version), [{**said, "item_id": name} for name in names])
        pairs = zip(names, [item_id, *names], strict=False)
        session.execute(
            insert(Citation), [{"item_id": one, "n": 1, "cited": other} for one, other in pairs]
        )


def test_what_cites_an_item_is_found_without_going_through_all_versions(tmp_path: Path) -> None:
    catalog = catalog_in(tmp_path)
    item_id = catalog.submit("Cited").id
    database = catalog.parts.database
    fill(database, item_id)
    database.learn_sizes()
    database.close()  # what was learned is read when a connection is opened
    asked: list[tuple[str, object]] = []

    def note(_conn: Connection, _cursor: object, said: str, given: object, *_more: object) -> None:
        asked.append((said, given))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.reading() as session:
        (found,) = citing(session, ANYONE, item_id)
        said, given = asked[-1]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given).all()
    assert found.id == "0000000000"
    assert "ix_citation_cited" in plan[0][-1]
