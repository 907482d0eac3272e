"""Whoever describes what is described already is told so, as far as they may know."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from catalog.domain.permissions import Actor, Role
from catalog.domain.sources import plain_address
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.known_bytes import MOST_NAMED, KnownAs, known_addresses, known_bytes
from catalog.services.read import read
from catalog.services.source_addresses import index_addresses
from catalog.tables import Fact, SourceAddress
from tests.catalogs import Catalog, catalog_in, now

ADDRESS = "http://vintage.winklerbros.net/swimseg.html"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def other(catalog: Catalog) -> Actor:
    """Somebody else, who may write and see what is public."""
    token = create_token(catalog.parts, "ben", Role.MEMBER, now=now())
    return actor_of_token(catalog.parts, token, now=now())


def with_file(catalog: Catalog, title: str, content: bytes, name: str = "a") -> tuple[str, str]:
    """Keep a draft with a file; return its id, and the SHA-256 of the file."""
    one = catalog.submit(title, published=False)
    catalog.upload(one.id, name, content)
    (file,) = read(catalog.parts, catalog.actor, one.id).record.files
    return one.id, file.sha256


def known(catalog: Catalog, actor: Actor, digest: str, item_id: str = "") -> tuple[KnownAs, ...]:
    return known_bytes(catalog.parts, actor, item_id, {digest}).get(digest, ())


def test_an_item_with_the_same_bytes_is_named_to_whoever_sees_it(
    catalog: Catalog, other: Actor
) -> None:
    item_id, digest = with_file(catalog, "Seen by all", b"the same")
    assert known(catalog, other, digest) == ()
    assert known(catalog, catalog.actor, digest) == (KnownAs(item_id, "Seen by all", "a"),)
    catalog.publish(item_id)
    assert known(catalog, other, digest) == (KnownAs(item_id, "Seen by all", "a"),)
    assert known(catalog, other, digest, item_id) == ()
    catalog.withdraw(item_id)
    assert known(catalog, other, digest) == ()


def test_files_without_bytes_are_not_the_same_thing(catalog: Catalog) -> None:
    with_file(catalog, "Empty", b"")
    assert known(catalog, catalog.actor, EMPTY) == ()


def test_some_of_many_are_named_each_once(catalog: Catalog) -> None:
    for place in range(MOST_NAMED + 2):
        item_id, digest = with_file(catalog, f"Copy {place}", b"many times")
    catalog.upload(item_id, "b", b"many times")
    found = known(catalog, catalog.actor, digest)
    assert len(found) == MOST_NAMED
    assert len({one.id for one in found}) == MOST_NAMED


def test_an_address_that_others_name_is_told_to_whoever_sees_them(
    catalog: Catalog, other: Actor
) -> None:
    draft = catalog.submit("Hidden source", published=False)
    hidden = KnownAs(draft.id, "Hidden source")
    assert known_addresses(catalog.parts, catalog.actor, "", [ADDRESS])[ADDRESS]
    assert known_addresses(catalog.parts, other, "", [ADDRESS]) == {}
    catalog.publish(draft.id)
    assert known_addresses(catalog.parts, other, "", [ADDRESS]) == {ADDRESS: (hidden,)}
    assert known_addresses(catalog.parts, other, draft.id, [ADDRESS]) == {}


@pytest.mark.parametrize(
    ("iri", "plain"),
    [
        ("HTTP://Example.org/A/", "http://example.org/A"),
        ("https://example.org/a?b=C#part", "https://example.org/a?b=C"),
        ("http://[broken", None),
        ("ftp://example.org/a", None),
        ("https://example.org/" + "x" * 1_100, None),
    ],
)
def test_spellings_of_one_address_are_one(iri: str, plain: str | None) -> None:
    assert plain_address(iri) == plain


def test_addresses_of_what_was_stored_before_are_kept_once(catalog: Catalog) -> None:
    catalog.submit("Stored before", published=False)
    with catalog.parts.database.writing() as session:
        kept = len(session.scalars(select(SourceAddress)).all())
        session.execute(delete(SourceAddress))
        session.execute(delete(Fact).where(Fact.name == "source-addresses"))
    assert index_addresses(catalog.parts) >= kept
    assert index_addresses(catalog.parts) == 0
    with catalog.parts.database.reading() as session:
        assert len(session.scalars(select(SourceAddress)).all()) == kept


def test_what_only_a_link_opens_is_told_of_to_nobody(catalog: Catalog, other: Actor) -> None:
    _, digest = with_file(catalog, "Behind a link", b"behind a link")
    by_link = replace(other, groups=frozenset({"link:" + "0" * 64}))
    assert known(catalog, by_link, digest) == ()
