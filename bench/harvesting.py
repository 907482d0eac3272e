"""How fast a catalog is copied by those who harvest it, each kind of feed at 10,000 items.

The peer of OAI-PMH is lxml alone: it builds again, element by element, and writes the very
portions that the catalog answered, without record, mapping or HTTP.
"""

import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from lxml import etree
from sqlalchemy import insert, select

from bench.catalogs import Running
from bench.table import Figure, median_seconds
from catalog.database import Database
from catalog.domain.feeds.events import CHANGES_A_PAGE, Kind
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.settings import from_environment
from catalog.tables import Announced, Change, Version

PREFIXES = ("oai_dc", "oai_datacite", "dcat")
_NAMESPACE = "{http://www.openarchives.org/OAI/2.0/}"
_WANTED_MS = 1_000


def announce_copies(data: Path) -> None:
    """Tell the log of public changes of the copies that `fill` wrote, which no service did."""
    database = Database(from_environment(overrides={"data": data}).database)
    with database.writing() as session:
        known = set(session.scalars(select(Announced.item_id)))
        rows = session.execute(
            select(Version.item_id, Version.type).where(
                Version.state == State.PUBLISHED.value,
                Version.visibility.in_([one.value for one in METADATA_ARE_PUBLIC]),
                Version.n == 1,
            )
        ).all()
        begun, first = datetime.now(UTC), len(known) + 1
        last = session.scalar(select(Change.seq).order_by(Change.seq.desc()).limit(1)) or 0
        new = [row for row in rows if row.item_id not in known]
        moments = [begun + timedelta(microseconds=place) for place in range(len(new))]
        session.execute(
            insert(Announced),
            [
                {"item_id": row.item_id, "position": first + place, "type": row.type,
                 "at": moments[place], "is_deleted": False}
                for place, row in enumerate(new)
            ],
        )  # fmt: skip
        session.execute(
            insert(Change),
            [
                {"seq": last + 1 + place, "item_id": row.item_id, "n": 1,
                 "kind": Kind.CREATED.value, "type": row.type, "at": moments[place]}
                for place, row in enumerate(new)
            ],
        )  # fmt: skip
    database.close()


def figures(catalog: Running, items: int) -> list[Figure]:
    """Copy a catalog of so many items by every feed."""
    lines = [line for prefix in PREFIXES for line in _by_oai(catalog, prefix)]
    lines.append(_pages_of_events(catalog, items // CHANGES_A_PAGE))
    for name, path in (
        (f"sitemap of {items:,} addresses", "/sitemap-1.xml"),
        ("page of the DCAT document, 100 items", f"/catalog.ttl?page={items // 200}"),
        ("Atom feed, 50 items", "/feed.atom"),
    ):
        taken = median_seconds(lambda path=path: catalog.get(path), rounds=9) * 1_000  # type: ignore[misc]
        told = f"at most {_WANTED_MS:,} ms"
        lines.append(Figure(name, taken, "ms", "", None, told, taken <= _WANTED_MS))
    return lines


def _by_oai(catalog: Running, prefix: str) -> list[Figure]:
    """Harvest everything in one format, then have the peer write it again."""
    portions, taken, records = [], [], 0
    query = f"metadataPrefix={prefix}"
    while query:
        began = time.perf_counter()
        answer = catalog.get(f"/oai?verb=ListRecords&{query}")
        taken.append(time.perf_counter() - began)
        portions.append(etree.fromstring(answer))
        records += sum(1 for _ in portions[-1].iter(f"{_NAMESPACE}record"))
        token = portions[-1].findtext(f".//{_NAMESPACE}resumptionToken")
        query = f"resumptionToken={quote(token)}" if token else ""
    began = time.perf_counter()
    for portion in portions:
        etree.tostring(_built_again(portion), encoding="UTF-8", xml_declaration=True)
    peer = records / (time.perf_counter() - began)
    p99 = statistics.quantiles(taken, n=100)[98] * 1_000
    return [
        Figure(f"OAI-PMH {prefix}, {records:,} records", records / sum(taken), "records/s",
               "lxml alone", peer, "at least 300 records/s", records / sum(taken) >= 300),
        Figure(f"OAI-PMH {prefix}, 100 records, p99", p99, "ms", "", None,
               f"at most {_WANTED_MS:,} ms", p99 <= _WANTED_MS),
    ]  # fmt: skip


def _built_again(one: etree._Element) -> etree._Element:
    made = etree.Element(one.tag, dict(one.attrib))
    made.text, made.tail = one.text, one.tail
    made.extend([_built_again(child) for child in one])
    return made


def _pages_of_events(catalog: Running, pages: int) -> Figure:
    began = time.perf_counter()
    for page in range(1, pages + 1):
        catalog.get(f"/events/pages/{page}", accept="text/turtle")
    a_second = pages / (time.perf_counter() - began)
    name = f"LDES pages of {CHANGES_A_PAGE} members"
    return Figure(name, a_second, "pages/s", "", None, "at least 50 pages/s", a_second >= 50)
