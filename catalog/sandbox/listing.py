"""Lists of DOIs: which ones, in which order, which of them on this page, and where the next is."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from catalog.sandbox.refusals import unreadable
from catalog.sandbox.repositories import Repository
from catalog.sandbox.states import FINDABLE
from catalog.sandbox.store import Kept, Store

Object = dict[str, Any]

_SIZE: Final = 25
_LARGEST_SIZE: Final = 1_000
_REACH: Final = 10_000
_SORTS: Final = {
    "name": "doi",
    "created": "created",
    "updated": "updated",
    "published": "published",
    "title": "title",
}
_YEARS: Final = ("created", "registered", "published")
_FACETS: Final = {
    "states": "state",
    "resourceTypes": "resource_type",
    "created": "substr(created, 1, 4)",
    "published": "substr(published, 1, 4)",
    "registered": "substr(registered, 1, 4)",
    "clients": "repository",
    "prefixes": "prefix",
}
_SPECIAL: Final = re.compile("[!%_]")
_ESCAPED: Final = r"!\g<0>"
_NOT_WORDS: Final = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    number  counted from 1
    cursor  when and as what the last one of the page before was created; () at the beginning;
            None where pages are counted
    """

    size: int
    number: int
    cursor: tuple[str, ...] | None

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Page":
        """Return what `page[size]`, `page[number]` and `page[cursor]` ask for."""
        size = min(_number(asked.get("page[size]"), _SIZE), _LARGEST_SIZE)
        number = max(_number(asked.get("page[number]"), 1), 1)
        furthest = _REACH // size if size else 1
        cursor = asked.get("page[cursor]")
        return cls(size, min(number, furthest), None if cursor is None else _cursor(cursor))


def listed(
    store: Store, asked: Mapping[str, str], caller: Repository | None, address: str
) -> tuple[list[Kept], Object]:
    """Return the DOIs of a page that the caller may see, with `meta` and `links`.

    asked    the query of the request
    address  of the list itself, with its query in `self`
    """
    page = Page.of(asked)
    where, values = _where(asked, caller)
    total = sum(count for _, count in store.count(where, values))
    if page.cursor is None:
        order = f"{_order(asked.get('sort', ''))}, doi"
        window = f"LIMIT {page.size} OFFSET {(page.number - 1) * page.size}"
        found = store.select(where, values, order, window)
    else:
        after = " AND (created, doi) > (?, ?)" if page.cursor else ""
        limit = f"LIMIT {page.size}"
        found = store.select(where + after, [*values, *page.cursor], "created, doi", limit)
    reachable = total if page.cursor is not None else min(total, _REACH)
    pages = -(-reachable // page.size) if page.size else 0
    meta: Object = {"total": total, "totalPages": pages}
    if page.cursor is None:
        meta["page"] = page.number
    if total and asked.get("disable-facets") != "true":
        meta |= {name: _facet(store, where, values, by) for name, by in _FACETS.items()}
    return found, {"meta": meta, "links": _links(found, page, pages, asked, address)}


def _where(asked: Mapping[str, str], caller: Repository | None) -> tuple[str, list[object]]:
    clauses: list[str] = ["state = ?"] if caller is None else ["(state = ? OR repository = ?)"]
    values: list[object] = [FINDABLE] if caller is None else [FINDABLE, caller.uid]

    def one_of(expression: str, wanted: Iterable[str]) -> None:
        chosen = [value for value in wanted if value]
        if chosen:
            clauses.append(f"{expression} IN ({', '.join('?' * len(chosen))})")
            values.extend(chosen)

    one_of("prefix", _listed(asked, "prefix"))
    one_of("state", _listed(asked, "state"))
    one_of("repository", map(str.lower, _listed(asked, "client-id")))
    one_of("resource_type", map(_general, _listed(asked, "resource-type-id")))
    one_of("doi", map(str.lower, _listed(asked, "ids")))
    one_of(
        "substr(repository, 1, instr(repository, '.') - 1)",
        map(str.lower, _listed(asked, "provider-id")),
    )
    for name in _YEARS:
        one_of(f"substr({name}, 1, 4)", _listed(asked, name))
    for word in _words(asked.get("query", "")):
        clauses.append("(attributes LIKE ? ESCAPE '!' OR doi LIKE ? ESCAPE '!')")
        values.extend([word, word])
    return " AND ".join(clauses), values


def _listed(asked: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in asked.get(name, "").split(",")]


def _general(resource_type_id: str) -> str:
    """Return the general type whose id this is: `data-paper` is that of `DataPaper`."""
    return "".join(part[:1].upper() + part[1:] for part in resource_type_id.split("-"))


def _words(query: str) -> list[str]:
    """Return the patterns of a query, each word of which has to be somewhere in the DOI.

    DataCite's own search knows fields and more; here `titles.title:snow` looks for `snow`.
    """
    found = re.findall(r"[^\s()\"]+", query)
    words = [word.rpartition(":")[2].strip("*") for word in found if word not in _NOT_WORDS]
    kept = [json.dumps(word)[1:-1] for word in words if word]
    return [f"%{_SPECIAL.sub(_ESCAPED, word)}%" for word in kept[:20]]


def _order(sort: str) -> str:
    column = _SORTS.get(sort.removeprefix("-"))
    if column is None:
        return "updated DESC"
    return f"{column} {'DESC' if sort.startswith('-') else 'ASC'}"


def _facet(store: Store, where: str, values: list[object], by: str) -> list[Object]:
    counted = store.count(where, values, by)
    return [
        {"id": value, "title": value[:1].upper() + value[1:], "count": count}
        for value, count in counted[:10]
    ]


def _links(
    found: list[Kept], page: Page, pages: int, asked: Mapping[str, str], address: str
) -> Object:
    kept = {name: value for name, value in asked.items() if not name.startswith("page[")}
    links = {"self": _address(address, asked)}
    if len(found) < page.size or not page.size or (page.cursor is None and page.number >= pages):
        return links
    following = {"page[size]": str(page.size)}
    if page.cursor is None:
        following["page[number]"] = str(page.number + 1)
    else:
        said = f"{found[-1].created},{found[-1].doi}"
        following["page[cursor]"] = base64.urlsafe_b64encode(said.encode()).decode()
    return links | {"next": _address(address, kept | following)}


def _address(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(asked, errors='replace')}" if asked else address


def _cursor(said: str) -> tuple[str, ...]:
    if said in ("", "1"):
        return ()
    try:
        created, _, doi = (
            base64.b64decode(said, altchars=b"-_", validate=True).decode().partition(",")
        )
    except (binascii.Error, ValueError):
        raise unreadable("Invalid base64 used for cursor pased from query params") from None
    return created, doi


def _number(said: str | None, otherwise: int) -> int:
    found = re.match(r"\d{1,9}", said or "", re.ASCII)
    return int(found[0]) if found else otherwise
