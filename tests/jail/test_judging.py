"""A judgement in the jail is the judgement of this process, and bombs end in a limit."""

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.domain.errors import CatalogError, OverLimit, Unreadable, UnsupportedMediaType
from catalog.domain.identifiers import item_iri
from catalog.domain.validation import judge
from catalog.jail.judging import JailedJudge
from catalog.jail.limits import JUDGE
from catalog.jail.pool import Pool
from catalog.library import library

EXAMPLES = sorted((Path(__file__).parents[1] / "shapes").glob("*valid/*.ttl"))
ITEM = item_iri("0123456789")
BASES = ("http://127.0.0.1:8080/",)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool("judge", workers=2, spares=1, limits=JUDGE, readable=[])
    yield pool
    pool.close()


@pytest.fixture
def jailed(pool: Pool) -> JailedJudge:
    return JailedJudge(pool, seconds=5)


def test_the_jail_of_the_judges_tests_itself(pool: Pool) -> None:
    pool.self_test()


@pytest.mark.parametrize("example", random.Random(2).sample(EXAMPLES, 25), ids=lambda p: p.stem)
def test_the_jail_changes_nothing_of_a_judgement(jailed: JailedJudge, example: Path) -> None:
    source = example.read_bytes()
    arguments = {"item": ITEM, "bases": BASES, "files": ("a.bin",), "level": "draft"}
    here = judge(source, "text/turtle", library=library(), **arguments)  # type: ignore[arg-type]
    assert jailed.judge(source, "text/turtle", **arguments) == here  # type: ignore[arg-type]


def test_what_cannot_be_read_is_told_with_its_place(jailed: JailedJudge) -> None:
    with pytest.raises(Unreadable) as caught:
        jailed.judge(b"<> a <x> ;\n  a a b .", "text/turtle", item=ITEM)
    assert caught.value.evidence["line"] == 2


def test_an_unknown_media_type_is_told_with_those_that_are_read(jailed: JailedJudge) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        jailed.judge(b"", "image/png", item=ITEM)
    assert "text/turtle" in caught.value.evidence["accepted"]


def entities(levels: int) -> bytes:
    """Return RDF/XML whose entities double `levels` times."""
    lines = [f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, levels)]
    return (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "0123456789">' + "".join(lines) + "]>"
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        f' xmlns:e="http://e/"><rdf:Description><e:p>&e{levels - 1};</e:p></rdf:Description>'
        "</rdf:RDF>"
    ).encode()


BOMBS = {
    "entities": ("application/rdf+xml", entities(28)),
    "nested JSON": ("application/ld+json", b'{"http://e/p":' * 100_000 + b"1" + b"}" * 100_000),
    "nested lists": ("application/ld+json", b"[" * 400_000),
    "nested nodes": ("text/turtle", b"<> <http://e/p> " + b"[ <http://e/p> " * 60_000),
    "nested triples": ("text/turtle", b"<<( " * 100_000),
    "long prefix": (
        "text/turtle",
        b"@prefix p: <http://e/" + b"x" * 100_000 + b"> ." + b"<> p:a p:b ." * 50_000,
    ),
    "nested XML": (
        "application/rdf+xml",
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        + b"<r:Description><e:p>" * 40_000,
    ),
    "many statements": (
        "application/n-triples",
        b"".join(b"<http://e/%d> <http://e/p> <http://e/o> .\n" % n for n in range(25_000)),
    ),
    "broken text": ("text/turtle", b"\xff\xfe\x00" * 1000),
    "remote context": ("application/ld+json", b'{"@context": "http://127.0.0.1:9/x", "a": 1}'),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_time_and_the_next_is_judged(jailed: JailedJudge, name: str) -> None:
    media_type, source = BOMBS[name]
    begin = time.monotonic()
    with pytest.raises(CatalogError) as caught:
        jailed.judge(source, media_type, item=ITEM)
    assert time.monotonic() - begin < 5.3
    assert 400 <= caught.value.status < 500
    good = jailed.judge(EXAMPLES[0].read_bytes(), "text/turtle", item=ITEM, bases=BASES)
    assert len(good.digest) == 64


def test_judges_killed_at_random_are_never_a_servers_error(pool: Pool, jailed: JailedJudge) -> None:
    source = EXAMPLES[0].read_bytes()
    expected = jailed.judge(source, "text/turtle", item=ITEM, bases=BASES).digest
    ended = []

    def judge_often(_: int) -> None:
        for _ in range(60):
            try:
                assert (
                    jailed.judge(source, "text/turtle", item=ITEM, bases=BASES).digest == expected
                )
            except OverLimit as error:
                ended.append(error)

    with ThreadPoolExecutor(2) as threads:
        judging = [threads.submit(judge_often, n) for n in range(2)]
        for _ in range(5):
            pids = pool.pids()
            if len(pids) > 2:
                os.kill(pids[-1], signal.SIGKILL)
            time.sleep(0.05)
        for one in judging:
            one.result()
    assert len(ended) <= 2
