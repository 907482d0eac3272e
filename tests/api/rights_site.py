"""Items in every state, and somebody of every role who asks each route on them with a good request.

What a request changed is taken back by putting the record back to what it was, so that all
requests meet the same items.
"""

import io
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from api.app import create_app
from catalog.domain.errors import Unauthenticated
from catalog.domain.permissions import Role, Scope
from catalog.ports import Verified
from catalog.services.accounts import create_token
from catalog.tables import Account, Bucket, Doi, Item, SignIn
from tests.api.buckets import FORM as MULTIPART
from tests.api.buckets import form as multipart
from tests.api.pages import forms_to
from tests.api.rights_table import HIDDEN, OVER, ROLES, SEEN, STATES, Asked, expected, listed
from tests.api.sites import TURTLE, Caller, Site, address_by
from tests.catalogs import description, now

READERS: Final = "project:sky"
OWNERS: Final = "project:sea"
PART: Final = b"a part"
TERMS: Final = "Use it for science, and do not pass it on."
PURPOSE: Final = "To see what it is that is closed here."
FORM: Final = "application/x-www-form-urlencoded"
GRANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "reader": ("READ",),
    "write-only": ("WRITE",),
    "writer": ("READ", "WRITE"),
    "acp-reader": ("READ", "READ_ACP"),
    "acp-writer": ("READ", "WRITE_ACP"),
    "full": ("FULL_CONTROL",),
}
_ALL_GRANTS: Final = [
    *(
        {"grantee_type": "USER", "grantee": role, "permission": right}
        for role, rights in GRANTS.items()
        for right in rights
    ),
    {"grantee_type": "GROUP", "grantee": READERS, "permission": "READ"},
]
_TO_ALL: Final = {"grantee_type": "GROUP", "grantee": "AllUsers", "permission": "READ"}
PUBLICATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "private": {"visibility": "private"},
    "shared": {"visibility": "shared"},
    "public": {"visibility": "public"},
    "DOI pending": {"visibility": "public"},
    "restricted": {"visibility": "restricted"},
    "embargoed": {"visibility": "embargoed", "until": "2033-03-03"},
    "withdrawn": {"visibility": "public"},
    "hidden tombstone": {"visibility": "private"},
}


_BLOB: Final = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix sage: <https://w3id.org/sage/ns#> .
<> a sage:Blob ; dct:title "TITLE"@en ; dct:creator sage:notStated ; dct:license sage:notStated ;
  dct:description "One image of the left camera, taken by a plugin and uploaded by the node."@en ;
  dcat:keyword "image"@en .
"""


class Issuer:
    """Vouches for two people, each in one group, under the token that is their name."""

    groups: Final = {"in-group": frozenset({READERS}), "in-owners": frozenset({OWNERS})}

    def verify(self, token: str, *, fresh: bool) -> Verified | None:
        if token not in self.groups:
            raise Unauthenticated("The token is not valid.")
        return Verified("https://issuer.example", token, token, self.groups[token])


@dataclass(frozen=True)
class Planted:
    """An item in one state, with all that a route on it may name."""

    id: str
    bucket: str
    secret: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    granted: str = ""


@dataclass(frozen=True)
class Rights:
    """The items, and who asks.

    items  by state, all of them of `owner`
    """

    site: Site
    folder: Path
    tokens: Mapping[str, str]
    items: dict[str, Planted] = field(default_factory=dict)
    sessions: dict[str, tuple[FlaskClient, str]] = field(default_factory=dict)

    # -- who asks

    def caller(self, role: str) -> Caller:
        return Caller(self.site.app, self.tokens.get(role))

    def ask(self, asked: Asked, role: str, one: Planted) -> TestResponse:
        """Send a request as somebody of a role: by token, or where it is a form's by session."""
        path, body, headers = self.request(asked, role, one)
        if asked.tail.endswith("/completion"):
            self._send_part(one)
        if role == "link":
            headers["X-Share-Link"] = one.secret
        if asked.by_session:
            return self._by_session(asked, role, path, body, headers)
        if asked.rule.startswith("/api/v1/") and role in self.tokens:
            headers["Authorization"] = f"sage {self.tokens[role]}"
        return self.caller(role).ask(asked.method, path, body, **headers)

    def _by_session(
        self, asked: Asked, role: str, path: str, body: Any, headers: dict[str, str]
    ) -> TestResponse:
        client, word = self.sessions[role]
        sent = {**body, "csrf": word} if isinstance(body, dict) else None
        if sent and "file" in sent:
            sent["file"] = (io.BytesIO(b"by a form"), "form.bin")
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(
            path,
            method=asked.method,
            data=sent,
            headers={"Accept": "text/html", **said},
            buffered=True,
        )

    def sign_in(self, role: str) -> None:
        """Have a browser of somebody of a role, signed in where the role has an account."""
        client = self.site.app.test_client()
        if role in self.tokens:
            client.post("/sign-in", data={"token": self.tokens[role]})
        self.sessions[role] = client, self._word(client)

    def _word(self, client: FlaskClient) -> str:
        cookie = client.get_cookie("sage_catalog")
        if cookie is None:
            return ""
        digest = sha256(cookie.value.encode()).hexdigest()
        with self.site.parts.database.reading() as session:
            return session.scalar(select(SignIn.csrf).where(SignIn.hash == digest)) or ""

    def _send_part(self, one: Planted) -> None:
        """Send what may be gone with an upload that was abandoned before."""
        upload = one.given.get("upload", "")
        self.caller("admin").put(f"/items/{one.id}/uploads/{upload}/parts/1", PART)

    # -- what is asked

    def request(self, asked: Asked, role: str, one: Planted) -> tuple[str, Any, dict[str, str]]:
        """Return path, body and headers of a good request."""
        tail = asked.tail
        given = {"id": one.id, "name": "a.csv", "bucket": one.bucket, "key": "a.csv", **one.given}
        given["place"] = one.given.get("place", "job/task/node/none-a.jpg")
        if tail.endswith("/end"):
            given["r"] = one.granted or given.get("r", "1")
        if tail.startswith("/history/"):
            given["r"] = "2"
        path = address_by(asked.rule, **given)
        headers: dict[str, str] = {}
        body: Any = None
        if asked.method != "GET":
            headers = {"If_Match": "*"}
            body = BODIES.get((asked.method, tail))
        if isinstance(body, str) and tail == "":
            headers["Content_Type"] = TURTLE
        if isinstance(body, str) and tail == "/report":
            headers["Content_Type"] = FORM
        if isinstance(body, dict) and body.get("link"):
            body = {"link": one.given.get("link", "")}
        if callable(body):
            body, more = body(self, role, one)
            headers |= more
        query = QUERIES.get((asked.method, tail), "wait=0" if asked.method != "GET" else "")
        return path + (f"?{query}" if query else ""), body, headers

    # -- what it was

    def remember(self) -> None:
        """Keep the record as it is."""
        self._copy(self.folder / "record.sqlite", self.folder / "before.db")

    @contextmanager
    def undone(self, *, when: bool = True) -> Iterator[None]:
        """Put the record back to what it was when the block ends; `when` False leaves it."""
        try:
            yield
        finally:
            if when:
                self._copy(self.folder / "before.db", self.folder / "record.sqlite")

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            new.execute("PRAGMA synchronous=OFF")
            old.backup(new)

    # -- the items

    def plant(self, state: str) -> None:
        """Make an item in a state."""
        maker = self.caller("owner")
        headers = {"Authorization": f"sage {maker.token}"}
        made = maker.post("/api/v1/objects?type=training-data&name=a", **headers)
        bucket = _good(made).get_json()["id"]
        with self.site.parts.database.reading() as session:
            item_id = session.scalar(select(Bucket.item_id).where(Bucket.uuid == bucket))
        assert item_id
        one = Planted(item_id, bucket)
        path = f"/items/{item_id}"
        sent = description(f"Canary of {state}")
        for text in (sent, sent.replace(b"cloud", b"haze")):
            _good(maker.put(f"{path}?wait=0", text, Content_Type=TURTLE, If_Match="*"))
        _good(maker.put(f"{path}/files/a.csv", b"a,b\n1,2\n", Content_Type="text/csv"))
        one = self._equip(maker, one, path)
        self._bring(maker, path, state)
        place = self._plant_blob(maker, state)
        one = replace(one, given={**one.given, "place": place})
        if state in {"restricted", "embargoed"}:
            one = self._asked_for(maker, one, path)
        self.items[state] = one

    def make_group(self) -> None:
        """Have an account of the group that owns things, which is made when it is given one."""
        maker, heir = self.caller("in-owners"), {"owner": OWNERS, "kind": "group"}
        made = _good(maker.post("/items?wait=0", description("Another"), Content_Type=TURTLE))
        _good(maker.put(f"/items/{made.get_json()['id']}/owner", heir, If_Match="*"))

    def pass_on(self) -> None:
        """Make all items those of the group, until that is undone."""
        with self.site.parts.database.writing() as session:
            group = session.scalar(select(Account.id).where(Account.name == OWNERS))
            session.execute(update(Item).values(owner_id=group))

    def _equip(self, maker: Caller, one: Planted, path: str) -> Planted:
        _good(maker.put(f"{path}/permissions", _ALL_GRANTS, If_Match="*"))
        _good(maker.put(f"{path}/agreement", {"text": TERMS}, If_Match="*"))
        heir = {"owner": "heir", "kind": "person"}
        _good(maker.put(f"{path}/owner", heir, If_Match="*"))
        link = _good(maker.post(f"{path}/links", {"label": "a link"})).get_json()
        said = {"name": "b.bin", "size_bytes": len(PART), "sha256": sha256(PART).hexdigest()}
        upload = _good(maker.post(f"{path}/uploads", said)).get_json()
        _good(maker.put(f"{path}/uploads/{upload['id']}/parts/1", PART))
        given = {"link": link["id"], "upload": upload["id"]}
        return replace(one, secret=link["url"].rpartition("/")[2], given=given)

    def _plant_blob(self, maker: Caller, state: str) -> str:
        """Make an item in a state that describes a sensor blob, and return the place of that."""
        place = f"job/task-0.1.0/0000000000000001/{len(self.items):019}-a.jpg"
        sent = _BLOB.replace("TITLE", f"Canary blob of {state}")
        made = maker.post("/items?wait=0", sent, Content_Type=TURTLE)
        path = f"/items/{_good(made).get_json()['id']}"
        _good(maker.put(f"{path}/files/{place}", b"blob", Content_Type="image/jpeg"))
        _good(maker.put(f"{path}/permissions", _ALL_GRANTS, If_Match="*"))
        self._bring(maker, path, state)
        return place

    def _asked_for(self, maker: Caller, one: Planted, path: str) -> Planted:
        said = {"purpose": PURPOSE, "accepted_agreement": 1}
        asked = _good(self.caller("asker").post(f"{path}/access-requests", said)).get_json()
        other = _good(self.caller("heir").post(f"{path}/access-requests", said)).get_json()
        of_other = f"{path}/access-requests/{other['id']}/decision"
        _good(maker.post(of_other, {"decision": "grant", "days": 9}))
        return replace(one, given={**one.given, "r": asked["id"]}, granted=other["id"])

    def _bring(self, maker: Caller, path: str, state: str) -> None:
        if state == "opened draft":
            _good(maker.put(f"{path}/permissions", [*_ALL_GRANTS, _TO_ALL], If_Match="*"))
        if state in PUBLICATIONS:
            said = PUBLICATIONS[state]
            _good(maker.post(f"{path}/publication?wait=0", said, If_Match="*"))
        if state in {"withdrawn", "hidden tombstone"}:
            said = {"reason": "a test"}
            _good(maker.post(f"{path}/withdrawal?wait=0", said, If_Match="*"))
        if state == "deleted":
            _good(maker.delete(path, If_Match="*"))
        if state == "public":
            self._register(path.rpartition("/")[2])

    def _register(self, item_id: str) -> None:
        """Note that the DOIs of an item are registered, as the relay does when it was told so."""
        with self.site.parts.database.writing() as session:
            session.execute(update(Doi).where(Doi.item_id == item_id).values(state="findable"))


def _good(answer: TestResponse) -> TestResponse:
    assert answer.status_code < 300, (answer.request.path, answer.text)
    return answer


def rights_in(site: Site, states: tuple[str, ...]) -> Rights:
    """Return items in each state, over a site that nothing else is in."""
    parts = replace(site.parts, verifiers=(Issuer(),))
    site = replace(site, parts=parts, app=create_app(parts))
    members = [*GRANTS, "other", "owner", "asker", "heir"]
    tokens = {role: create_token(parts, role, Role.MEMBER, now=now()) for role in members}
    tokens |= {name: name for name in Issuer.groups}
    tokens["curator"], tokens["admin"] = site.tokens["curator"], site.tokens["admin"]
    most = frozenset(Scope) - {Scope.ADMIN, Scope.CURATE}
    tokens["weak-admin"] = create_token(parts, "admin", Role.ADMIN, now=now(), scopes=most)
    only = frozenset({Scope.READ})
    tokens["weak-owner"] = create_token(parts, "owner", Role.MEMBER, now=now(), scopes=only)
    rights = Rights(site, site.folder, tokens)
    for state in states:
        rights.plant(state)
    rights.make_group()
    for role in ROLES:
        rights.sign_in(role)
    rights.remember()
    return rights


def _edited(rights: Rights, role: str, one: Planted) -> tuple[Any, dict[str, str]]:
    """Return what the form to edit sends: as its page has it, where somebody gets that."""
    client, _ = rights.sessions[role]
    links = {"X-Share-Link": one.secret} if role == "link" else {}
    page = client.get(f"/items/{one.id}/edit", headers={"Accept": "text/html", **links})
    found = forms_to(page, f"/items/{one.id}/edit")
    fields = found[0].fields if found else [("type~", "training-data")]
    return dict([*fields, ("do", "save")]), {}


def _multipart(rights: Rights, role: str, one: Planted) -> tuple[Any, dict[str, str]]:
    return multipart(b"new"), {"Content_Type": MULTIPART}


Body = Callable[[Rights, str, Planted], tuple[Any, dict[str, str]]]
_ASK: Final = {"purpose": PURPOSE, "accepted_agreement": 1}
_GRANTED: Final = {"granteeType": "USER", "grantee": "bob", "permission": "READ"}
BODIES: Final[Mapping[tuple[str, str], Any]] = {
    ("PUT", ""): description("Revised").decode(),
    ("POST", "/access-requests"): _ASK,
    ("POST", "/access-requests/<string:r>/decision"): {"decision": "grant", "days": 9},
    ("POST", "/access-requests/<string:r>/do/decide"): {"decision": "grant", "days": "9"},
    ("POST", "/access-requests/<string:r>/do/end"): {},
    ("POST", "/access-requests/<string:r>/do/withdraw"): {},
    ("POST", "/access-requests/<string:r>/end"): {},
    ("POST", "/access/do/ask"): {"purpose": PURPOSE, "accepted_agreement": "1", "accept": "1"},
    ("PUT", "/agreement"): {"text": "Other terms.", "days": 30},
    ("POST", "/agreement/do/set"): {"text": "Other terms.", "days": "30", "stage": "1"},
    ("POST", "/agreement/do/remove"): {"stage": "1"},
    ("PUT", "/deprecation"): {"reason": "a test"},
    ("POST", "/do/begin"): {"stage": "*"},
    ("POST", "/do/delete"): {"stage": "*"},
    ("POST", "/do/end-link"): {"link": "LINK"},
    ("POST", "/do/give"): {"owner": "curator", "kind": "person", "stage": "*"},
    ("POST", "/do/link"): {"label": "", "days": "3"},
    ("POST", "/do/publish"): {"visibility": "public", "stage": "*"},
    ("POST", "/do/restore"): {"revision": "1.2", "stage": "*"},
    ("POST", "/do/share"): {"kind": "USER", "name": "bob", "right": "READ", "stage": "*"},
    ("POST", "/do/take-back"): {},
    ("POST", "/do/upload"): {"file": ""},
    ("POST", "/do/withdraw"): {"reason": "a test", "stage": "*"},
    ("POST", "/do/look"): {},
    ("POST", "/do/visibility"): {"visibility": "public", "stage": "*"},
    ("POST", "/edit"): _edited,
    ("PUT", "/files/<path:name>"): b"new",
    ("POST", "/links"): {"label": "another"},
    ("PUT", "/owner"): {"owner": "curator", "kind": "person"},
    ("PUT", "/permissions"): [
        *_ALL_GRANTS,
        {"grantee_type": "USER", "grantee": "bob", "permission": "READ"},
    ],
    ("POST", "/publication"): {"visibility": "public"},
    ("POST", "/report"): urlencode({"text": "Something is wrong here.", "reply_to": ""}),
    ("POST", "/restoration"): {"revision": "1.2"},
    ("POST", "/uploads"): {"name": "c.bin", "size_bytes": 4, "sha256": sha256(b"four").hexdigest()},
    ("PUT", "/uploads/<string:upload>/parts/<int:number>"): PART,
    ("PUT", "/visibility"): {"visibility": "public"},
    ("POST", "/withdrawal"): {"reason": "a test"},
    ("PUT", "/api/v1/objects/<string:bucket>"): _GRANTED,
    ("PATCH", "/api/v1/objects/<string:bucket>"): {"name": "another"},
    ("PUT", "/api/v1/objects/<string:bucket>/<path:key>"): _multipart,
}
"""A good body for each route that takes one, by method and what follows the item's address."""

QUERIES: Final[Mapping[tuple[str, str], str]] = {
    ("GET", "/difference"): "from=1.2&to=1.3",
    ("PUT", "/api/v1/objects/<string:bucket>"): "permissions=True",
    ("DELETE", "/api/v1/objects/<string:bucket>"): "",
    ("DELETE", "/api/v1/objects/<string:bucket>/<path:key>"): "",
    ("POST", "/edit"): "",
    ("POST", "/report"): "",
}


def routes_of(site: Site) -> tuple[Asked, ...]:
    """Return each method of every rule on an item, a bucket or a blob, as the application has it.

    What `/openapi.json` says is done by session is sent by session.
    """
    paths = site.anyone.get("/openapi.json").get_json()["paths"]
    found = []
    for rule in site.app.url_map.iter_rules():
        if rule.rule.startswith(("/items/<", "/api/v1/objects/<", "/api/v1/data/<")):
            view = site.app.view_functions[rule.endpoint]
            said = paths[re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)]
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                by_session = said[method.lower()].get("security") == [{"session": []}]
                found.append(Asked(method, rule.rule, view.catalog_action, by_session))  # type: ignore[attr-defined]
    return tuple(sorted(found, key=lambda one: (one.rule, one.method)))


# -- the cells of the table


_STATUSES: Final = {401: "s", 403: "f", 404: "-", 409: "w", 410: "g", 400: "4", 500: "5"}
_OVER: Final = (*listed(OVER), "deleted")
_EVERY_CELL: Final = bool(os.environ.get("SAGE_CATALOG_EVERY_CELL"))


def mistakes(rights: Rights, routes: Sequence[Asked]) -> list[tuple[str, ...]]:
    """Return each cell that is answered otherwise than the table says, with the answer.

    Each route is asked by everybody in a hidden and in a seen state, with each role in
    another, and in the states of what is over by some; who is allowed comes to one of the two. So
    each route meets each state and each role, and each action all of the table.
    `SAGE_CATALOG_EVERY_CELL=1` in the environment asks everything, 18,000 requests.
    """
    wrong = []
    for number, asked in enumerate(routes):
        for role, state in _cells() if _EVERY_CELL else _some_cells(number, asked):
            said, text = _answered(rights, asked, role, state)
            if said != expected(asked, role, state):
                wrong.append((asked.method, asked.rule, role, state, said, text[:200]))
    return wrong


def _cells() -> Iterator[tuple[str, str]]:
    return ((role, state) for role in ROLES for state in STATES)


def _some_cells(number: int, asked: Asked) -> Iterator[tuple[str, str]]:
    for turn, role in enumerate(ROLES):
        for place, states in enumerate((listed(HIDDEN), listed(SEEN))):
            state = states[(number + turn) % len(states)]
            if (number + turn + place) % 2 == 0 or expected(asked, role, state) not in "+w":
                yield role, state
        if (number + turn) % 5 == 0:
            yield from ((role, state) for state in _OVER)


def _answered(rights: Rights, asked: Asked, role: str, state: str) -> tuple[str, str]:
    """Return what somebody is answered, and take back what that changed."""
    with rights.undone(when=asked.method != "GET" or role == "in-owners"):
        if role == "in-owners":
            rights.pass_on()
        answer = rights.ask(asked, role, rights.items[state])
        said = _letter_of(answer)
        assert said not in "-s" or b"Canary" not in answer.data, (asked, role, state)
        return said, answer.text if said != "+" else ""


def _letter_of(answer: TestResponse) -> str:
    """Return what an answer is in the letters of the table."""
    status = answer.status_code
    if status < 400:
        return "s" if "/sign-in" in answer.headers.get("Location", "") else "+"
    return _STATUSES.get(status, str(status))
