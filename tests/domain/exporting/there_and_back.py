"""Items on their way out into a format and in again, and what is lost or gained on the way."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from catalog.domain.description import statements_of
from catalog.domain.exporting.exported import Exported
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.record import ItemRecord
from catalog.domain.validation import Judgement, judge
from catalog.library import library
from tests.agreement.published import HOUSE, VALID, judged, names_of, published, samples

Path = tuple[str, ...]
Make = Callable[[Exported], bytes]


def exported(record: ItemRecord) -> Exported:
    """Return what exporters are given of a record, with all samples to cite."""
    return Exported(record, library(), HOUSE, names_of(samples().values()), samples())


def one(turtle: str, item_id: str = "0000000000", **more: Any) -> Exported:
    """Return what exporters are given of a description in Turtle, as it would be published."""
    from dataclasses import replace

    return exported(replace(published(judged(turtle.encode(), item_id), item_id), **more))


def records(*types: str) -> Iterator[ItemRecord]:
    """Yield every sample and every valid example of these types; of all types without any."""
    examples = (file.read_text() for file in VALID)
    described = [published(judged(text.encode())) for text in examples if "#file/" not in text]
    for record in (*samples().values(), *described):
        if not types or record.type in types:
            yield record


def read_again(document: bytes, media_type: str, item_id: str = "0000000000") -> Judgement:
    """Return what the catalog says about an exported document that is sent in again."""
    return judge(
        document,
        media_type,
        item=item_iri(item_id),
        bases=(RECORD, HOUSE.base),
        library=library(),
        files=(),
        places=False,
    )


def differences(
    record: ItemRecord, make: Make, media_type: str
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return what a description lost and what it gained, as paths of local names with values.

    What is not stated is no loss: other formats have no word for it.
    """
    again = read_again(make(exported(record)), media_type, record.id)
    before, after = _facts(record.ntriples, record.id), _facts(again.ntriples, record.id)
    return _told(before - after), _told(after - before)


def _told(facts: Counter[tuple[Path, str]]) -> set[tuple[str, str]]:
    return {(" ".join(path), value) for (path, value) in facts if value != NOT_STATED}


def _facts(ntriples: str, item_id: str) -> Counter[tuple[Path, str]]:
    """Return each statement by the path that leads to it, whatever its parts are named."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for subject, predicate, value in statements_of(ntriples):
        rows.setdefault(subject, []).append((predicate, value))
    found: Counter[tuple[Path, str]] = Counter()

    def walk(node: str, path: Path, seen: frozenset[str]) -> None:
        for predicate, value in rows.get(node, ()):
            here = (*path, predicate[1:-1].rpartition("/")[2].rpartition("#")[2])
            if value in rows and value not in seen:
                walk(value, here, seen | {value})
            else:
                found[here, value] += 1

    item = f"<{item_iri(item_id)}>"
    walk(item, (), frozenset({item}))
    return found


def said(document: bytes) -> dict[str, Any]:
    """Return a document of JSON."""
    found: dict[str, Any] = json.loads(document)
    return found
