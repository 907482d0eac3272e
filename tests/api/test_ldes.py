"""The log of public changes as a Linked Data Event Stream, replicated as a client does it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin

import pyoxigraph as ox
import pytest

from catalog.domain.feeds import events
from tests.api.sites import BASE, TURTLE, Site, problem

AS = events.AS
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
STREAM = f"{BASE}events#stream"
FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
}


class Page:
    """A page as a client reads it."""

    def __init__(self, site: Site, address: str, form: str = TURTLE) -> None:
        self.address = address
        self.answer = site.anyone.get(address.removeprefix(BASE[:-1]), Accept=form)
        assert self.answer.status_code == 200, self.answer.text
        assert self.answer.mimetype == form
        quads = ox.parse(self.answer.data, format=FORMATS[form], base_iri=address)
        self.said = [(one.subject, one.predicate, one.object) for one in quads]

    def values(self, subject: str, prop: str) -> list[str]:
        return [
            str(getattr(found, "value", found))
            for s, p, found in self.said
            if s == ox.NamedNode(subject) and p == ox.NamedNode(prop)
        ]

    def one(self, subject: str, prop: str) -> str:
        (found,) = self.values(subject, prop)
        return found

    @property
    def members(self) -> list[str]:
        return self.values(STREAM, f"{events.TREE}member")

    @property
    def relations(self) -> Iterator[tuple[str, str, datetime]]:
        for relation in self.values(self.address, f"{events.TREE}relation"):
            assert self.one(relation, f"{events.TREE}path") == f"{AS}published"
            kind = self.one(relation, TYPE).removeprefix(events.TREE)
            value = datetime.fromisoformat(self.one(relation, f"{events.TREE}value"))
            yield urljoin(self.address, self.one(relation, f"{events.TREE}node")), kind, value


@dataclass
class Replica:
    """What a client has after it followed every relation."""

    pages: dict[str, Page] = field(default_factory=dict)
    members: dict[str, tuple[str, datetime, str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site) -> "Replica":
        found = cls()
        found.follow(site, f"{BASE}events")
        return found

    def follow(self, site: Site, address: str) -> None:
        assert address not in self.pages
        page = self.pages[address] = Page(site, address)
        moments = []
        for member in page.members:
            assert member not in self.members
            at = datetime.fromisoformat(page.one(member, f"{AS}published"))
            kind = page.one(member, TYPE).removeprefix(AS)
            item = page.one(member, "http://purl.org/dc/terms/isVersionOf")
            self.members[member] = (kind, at, page.one(member, f"{AS}object"), item)
            moments.append(at)
        assert moments == sorted(set(moments))
        bounds: dict[str, dict[str, datetime]] = {}
        for node, kind, value in page.relations:
            bounds.setdefault(node, {})[kind] = value
        for node, bound in bounds.items():
            before = set(self.members)
            self.follow(site, node)
            below = [self.members[member][1] for member in set(self.members) - before]
            assert min(below) >= bound["GreaterThanOrEqualToRelation"]
            assert all(at < bound["LessThanRelation"] for at in below if len(bound) == 2)

    @property
    def story(self) -> list[tuple[str, str]]:
        """Kind and item of each member, in the order of their moments."""
        found = sorted(self.members.values(), key=lambda member: member[1])
        return [(kind, item.removeprefix(f"{BASE}items/")) for kind, _, _, item in found]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pages of three and spans of two."""
    monkeypatch.setattr(events, "CHANGES_A_PAGE", 3)
    monkeypatch.setattr(events, "PAGES_A_SPAN", 2)


def test_the_stream_tells_what_everybody_saw_happen(empty: Site) -> None:
    one = empty.published("One")
    empty.draft("A draft")
    empty.deleted("Deleted")
    private = empty.private("Private")
    shown = empty.owner.put(
        f"{private.path}/visibility", {"visibility": "public"}, If_Match=private.etag
    )
    assert shown.status_code == 200, shown.text
    deprecated = empty.owner.put(
        f"{one.path}/v/1/deprecation?wait=0", {"reason": "old"}, If_Match="*"
    )
    assert deprecated.status_code == 200, deprecated.text
    empty.withdraw(one)
    story = Replica.of(empty).story
    assert story == [
        ("Create", one.id), ("Create", private.id), ("Update", one.id), ("Delete", one.id),
    ]  # fmt: skip


def test_a_draft_beside_a_public_version_leaves_no_trace_until_it_is_published(
    empty: Site,
) -> None:
    one = empty.published("One")
    begun = empty.owner.post(f"{one.path}/versions", If_Match=one.etag)
    assert begun.status_code == 201, begun.text
    assert len(Replica.of(empty).members) == 1
    etag = begun.headers["ETag"]
    done = empty.owner.post(f"{one.path}/v/2/publication?wait=0", {}, If_Match=etag)
    assert done.status_code == 200, done.text
    objects = [member[2] for member in Replica.of(empty).members.values()]
    assert objects == [f"{BASE}items/{one.id}/v/1", f"{BASE}items/{one.id}/v/2"]
    gone = empty.owner.post(f"{one.path}/v/2/withdrawal?wait=0", {"reason": "x"}, If_Match="*")
    assert gone.status_code == 200, gone.text
    assert list(Replica.of(empty).members.values())[-1][2] == f"{BASE}items/{one.id}/v/1"
    third = empty.owner.post(f"{one.path}/versions", If_Match="*")
    assert third.status_code == 201, third.text
    empty.withdraw(one)
    assert Replica.of(empty).story[-1] == ("Delete", one.id)


def test_pages_fill_up_one_after_the_other_and_then_stay(empty: Site, small: None) -> None:
    made = [empty.published(f"Item {number}").id for number in range(3)]
    first = Page(empty, f"{BASE}events/pages/1")
    assert first.one(first.address, f"{events.LDES}immutable") == "true"
    assert first.answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    made += [empty.published(f"Item {number}").id for number in range(3, 10)]
    again = Page(empty, f"{BASE}events/pages/1")
    assert again.answer.data == first.answer.data
    assert again.answer.headers["ETag"] == first.answer.headers["ETag"]
    last = Page(empty, f"{BASE}events/pages/4")
    assert len(last.members) == 1
    assert "immutable" not in last.answer.headers["Cache-Control"]
    assert not last.values(last.address, f"{events.LDES}immutable")
    replica = Replica.of(empty)
    assert [item for _, item in replica.story] == made
    assert sum("/spans/" in address for address in replica.pages) == 2


def test_a_page_says_nothing_of_what_was_withdrawn_but_that_it_was(empty: Site) -> None:
    one = empty.published("A canary in the title")
    page = f"{BASE}events/pages/1"
    before = Page(empty, page)
    empty.withdraw(one)
    after = Page(empty, page)
    assert set(before.said) < set(after.said)
    for seen in (before, after):
        assert "canary" not in seen.answer.text
        assert "Ana Ruiz" not in seen.answer.text


def test_every_form_says_the_same(empty: Site) -> None:
    for number in range(2):
        empty.published(f"Item {number}")
    for address in (f"{BASE}events", f"{BASE}events/pages/1"):
        said = [set(Page(empty, address, form).said) for form in FORMATS]
        assert all(found == said[0] for found in said)


def test_the_entrance_of_an_empty_stream_tells_how_to_read_it(empty: Site) -> None:
    page = Page(empty, f"{BASE}events")
    ldes, tree = events.LDES, events.TREE
    assert page.one(STREAM, f"{tree}view") == f"{BASE}events"
    assert page.one(STREAM, f"{ldes}timestampPath") == f"{AS}published"
    assert page.one(STREAM, f"{ldes}versionOfPath") == "http://purl.org/dc/terms/isVersionOf"
    assert page.one(STREAM, f"{ldes}versionDeleteObject") == f"{AS}Delete"
    assert page.one(STREAM, f"{ldes}versionDeletePath") == TYPE
    assert page.one(STREAM, f"{tree}shape") == f"{BASE}events#shape"
    assert list(page.relations) == []
    for path in ("/events/pages/1", "/events/spans/1", "/events/pages/9999"):
        problem(empty.anyone.get(path), 404, "not-found")
    problem(empty.anyone.get("/events?page=1"), 400, "unreadable")
    problem(empty.anyone.get("/events", Accept="image/png"), 406, "not-offered")


def test_a_page_that_the_caller_has_is_not_sent_again(empty: Site) -> None:
    empty.published("One")
    answer = empty.anyone.get("/events")
    assert "</events/pages/1>" in answer.text  # who came by another name stays on it
    assert f"<{STREAM}>" in answer.text
    for path in ("/events", "/events/pages/1"):
        etag = empty.anyone.get(path).headers["ETag"]
        assert empty.anyone.get(path, If_None_Match=etag).status_code == 304
        assert empty.anyone.ask("HEAD", path).headers["ETag"] == etag
