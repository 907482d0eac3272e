"""A catalog behind its real application, and somebody of each role who asks it over HTTP."""

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from api.app import create_app
from catalog.adapters.triples_oxigraph import OxigraphTriples
from catalog.domain.permissions import Role
from catalog.library import library
from catalog.parts import Parts
from catalog.ports import Judge, Queries
from catalog.services.accounts import create_token
from catalog.services.outbox import GRAPH
from catalog.services.relay import catch_up, run_relay
from catalog.tables import Base, Work
from tests.catalogs import catalog_in, description, now

TURTLE = "text/turtle"
BASE = "http://127.0.0.1:8000/"
ROLES: Final[Mapping[str, Role]] = {
    "owner": Role.MEMBER,
    "other": Role.MEMBER,
    "curator": Role.CURATOR,
    "admin": Role.ADMIN,
}


_GIVEN: Final = {
    "id": "7777777777", "item_id": "7777777777", "suffix": "ttl", "n": "1", "r": "1", "other": "1",
    "upload": "0" * 32,
    "name": "model", "type": "model", "scheme": "item-type", "vocid": "item-type",
    "concept": "model", "number": "1", "letter": "A", "slug": "not-found",
    "filename": "catalog.css", "link": "7777777777", "secret": "a-secret",
    "token_id": "0123456789ab",
    "bucket": "77777777-7777-4777-8777-777777777777", "key": "a/b.bin",
    "place": "job/task/node/1643842551600000001-sample.jpg",
}  # fmt: skip


def address_by(rule: str, **given: str) -> str:
    """Return an address that fits a rule of the application, with something in every place."""
    values = _GIVEN | given
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule)


class Caller:
    """Somebody who asks: with a token of its own, or nobody in particular. Keeps no cookies."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self._client = app.test_client(use_cookies=False)
        self.token = token

    def ask(self, method: str, path: str, body: Any = None, **headers: str | None) -> TestResponse:
        """Send a request; header names are written with underscores, None leaves one out.

        body  bytes or text as they are; anything else is sent as JSON
        """
        said: dict[str, str] = {}
        if self.token is not None:
            said["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes | str):
            body, said["Content-Type"] = json.dumps(body), "application/json"
        for name, value in headers.items():
            said.pop(name.replace("_", "-"), None)
            if value is not None:
                said[name.replace("_", "-")] = value
        return self._client.open(path, method=method, data=body, headers=said, buffered=True)

    def get(self, path: str, **headers: str | None) -> TestResponse:
        """Send a GET."""
        return self.ask("GET", path, **headers)

    def put(self, path: str, body: Any, **headers: str | None) -> TestResponse:
        """Send a PUT."""
        return self.ask("PUT", path, body, **headers)

    def post(self, path: str, body: Any = None, **headers: str | None) -> TestResponse:
        """Send a POST."""
        return self.ask("POST", path, body, **headers)

    def delete(self, path: str, **headers: str | None) -> TestResponse:
        """Send a DELETE."""
        return self.ask("DELETE", path, **headers)


@dataclass(frozen=True)
class Kept:
    """An item as an answer told it."""

    id: str
    etag: str
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its path on this catalog."""
        return f"/items/{self.id}"

    @property
    def stage(self) -> str:
        """What `If-Match` compares."""
        return self.etag.strip('"').partition("-")[0]


@dataclass(frozen=True)
class Site:
    """A catalog, its application, and a token for each of `ROLES`."""

    folder: Path
    parts: Parts
    app: Flask
    tokens: Mapping[str, str]
    has_relay: bool = False

    def as_(self, who: str | None = None) -> Caller:
        """Return the caller of that role; without one somebody who has no account."""
        return Caller(self.app, self.tokens[who] if who else None)

    @property
    def anyone(self) -> Caller:
        """Somebody who has no account."""
        return self.as_()

    @property
    def owner(self) -> Caller:
        """The member to whom the items belong."""
        return self.as_("owner")

    @property
    def other(self) -> Caller:
        """Another member."""
        return self.as_("other")

    @property
    def curator(self) -> Caller:
        """A curator."""
        return self.as_("curator")

    @property
    def admin(self) -> Caller:
        """An administrator."""
        return self.as_("admin")

    # -- items in each state, all of them of `owner`

    def draft(self, title: str = "A draft", *, by: str = "owner", **more: str) -> Kept:
        """Keep a draft that could be published."""
        return kept(self.as_(by).post("/items", description(title), Content_Type=TURTLE, **more))

    def published(self, title: str = "Published", *, by: str = "owner") -> Kept:
        """Publish a new item."""
        sent = description(title)
        return kept(self.as_(by).post("/items?publish=true&wait=0", sent, Content_Type=TURTLE))

    def private(self, title: str = "Private", *, by: str = "owner") -> Kept:
        """Publish a new item for its owner alone."""
        one = self.draft(title, by=by)
        answer = self.as_(by).post(
            f"{one.path}/publication?wait=0", {"visibility": "private"}, If_Match=one.etag
        )
        assert answer.status_code == 200, answer.text
        return Kept(one.id, answer.headers["ETag"], answer.get_json())

    def withdrawn(self, title: str = "Withdrawn", *, by: str = "owner") -> Kept:
        """Publish an item and withdraw it."""
        one = self.published(title, by=by)
        return self.withdraw(one, by=by)

    def withdraw(self, one: Kept, *, by: str = "owner", wait: str = "0") -> Kept:
        """Withdraw what is published."""
        answer = self.as_(by).post(
            f"{one.path}/withdrawal?wait={wait}", {"reason": "a test"}, If_Match="*"
        )
        assert answer.status_code == 200, answer.text
        return Kept(one.id, one.etag, answer.get_json())

    def deleted(self, title: str = "Deleted", *, by: str = "owner") -> Kept:
        """Keep a draft and delete it."""
        one = self.draft(title, by=by)
        answer = self.as_(by).delete(one.path, If_Match=one.etag)
        assert answer.status_code == 204, answer.text
        return one

    def with_file(
        self, name: str = "a.bin", content: bytes = b"0123456789", *, title: str = "With a file"
    ) -> Kept:
        """Keep a draft that has a file."""
        one = self.draft(title)
        answer = self.owner.put(f"{one.path}/files/{name}", content, Content_Type="image/png")
        assert answer.status_code == 201, answer.text
        return one

    # -- what is there

    def inventory(self) -> dict[str, Any]:
        """Return how many rows each table has, and every file of the object store."""
        deadline = time.monotonic() + 5.0
        while self.has_relay and self._waiting() and time.monotonic() < deadline:
            time.sleep(0.01)
        with self.parts.database.reading() as session:
            rows: dict[str, Any] = {
                name: session.scalar(select(func.count()).select_from(table))
                for name, table in Base.metadata.tables.items()
            }
        rows["objects"] = sorted(
            str(path) for path in (self.folder / "objects").rglob("*") if path.is_file()
        )
        return rows

    def _waiting(self) -> bool:
        with self.parts.database.reading() as session:
            lines = select(func.count()).select_from(Work).where(Work.topic == GRAPH)
            return bool(session.scalar(lines))

    def settle(self) -> None:
        """Show in SPARQL what there is to show, where no relay runs beside."""
        store = OxigraphTriples(self.folder / "graph", keep_seconds=60.0)
        try:
            assert catch_up(self.parts, store, seconds=30.0)
        finally:
            store.close()

    def select(self, query: str) -> list[dict[str, str]]:
        """Return the rows of a SELECT, each variable with its value."""
        answer = self.anyone.post("/sparql", query, Content_Type="application/sparql-query")
        assert answer.status_code == 200, answer.text
        rows = json.loads(answer.text)["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in rows]


def kept(answer: TestResponse) -> Kept:
    """Return the item of an answer that changed one."""
    assert answer.status_code in {200, 201}, answer.text
    said = answer.get_json()
    return Kept(said["id"], answer.headers["ETag"], said)


def problem(answer: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """Return a problem document, which has to be complete and of that status and name."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    said: dict[str, Any] = json.loads(answer.text)
    assert said["status"] == status
    assert said["type"] == f"{BASE}problems/{slug}"
    assert said["title"]
    assert said["detail"]
    return said


def site_in(folder: Path, judge: Judge, queries: Queries, **settings: Any) -> Site:
    """Make a catalog with an empty record in a folder, and the application over it."""
    made = catalog_in(folder, dois=True)
    said = {"unknown_tokens": 1_000_000} | settings  # many tests send bad ones, from one address
    parts = replace(
        made.parts,
        settings=replace(made.parts.settings, base_url=BASE, **said),
        library=library(),
        bases=(BASE,),
        judge=judge,
        queries=queries,
    )
    tokens = {who: create_token(parts, who, role, now=now()) for who, role in ROLES.items()}
    return Site(folder, parts, create_app(parts), tokens)


@contextmanager
def relay_of(site: Site) -> Iterator[Site]:
    """Have a relay run beside a site."""
    site.settle()
    store = OxigraphTriples(site.folder / "graph", keep_seconds=60.0)
    stop = threading.Event()
    thread = threading.Thread(target=run_relay, args=(site.parts, store, stop))
    thread.start()
    try:
        yield replace(site, has_relay=True)
    finally:
        stop.set()
        thread.join()
        store.close()
