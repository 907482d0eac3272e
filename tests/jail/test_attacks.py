"""What crashes, stalls or fills an engine ends in a limit, and others are served meanwhile."""

import random
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyoxigraph import QuerySolutions, Store

from catalog.domain.errors import CatalogError, NotAcceptable, OverLimit, Unreadable
from catalog.domain.sparql import guard
from catalog.jail.limits import MEBIBYTE, Limits
from catalog.jail.pool import Pool
from tests.domain.sparql_corpus import PREFIXES, REALISTIC, SERVICES, UPDATES, exhausting

JSON = "application/sparql-results+json"
SECONDS = 0.6


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    limits = Limits(memory_bytes=300 * MEBIBYTE, cpu_seconds=10)
    pool = Pool("query", workers=2, spares=1, limits=limits)
    yield pool
    pool.close()


@pytest.fixture
def ask(pool: Pool, checkpoint: Path):  # type: ignore[no-untyped-def]
    """Return what asks a worker past the guard."""

    def ask(query: str, seconds: float = SECONDS) -> dict[str, Any]:
        header = {
            "checkpoint": str(checkpoint),
            "query": query,
            "formats": {"select": JSON, "ask": JSON, "graph": "text/turtle"},
            "max_rows": 10_000,
            "max_bytes": 10_000_000,
        }
        return pool.run("query", header, seconds=seconds)[0]

    return ask


GOOD = "SELECT ?p ?o { <http://items/7> ?p ?o }"


def ended(ask, query: str, seconds: float = SECONDS) -> str:  # type: ignore[no-untyped-def]
    """Ask past the guard; return how it ended, having seen that it did so in time."""
    begin = time.monotonic()
    try:
        ask(query, seconds)
        how = "answered"
    except OverLimit as error:
        how = str(error.evidence["limit"])
    except (Unreadable, NotAcceptable):
        how = "refused"
    assert time.monotonic() - begin < seconds + 0.3
    assert ask(GOOD, 10.0)["rows"] == 4
    return how


KILLS = {"complexity", "seconds", "memory"}


@pytest.mark.parametrize("size", [1, 2, 10])
@pytest.mark.parametrize("name", exhausting(1))
def test_past_the_guard_it_ends_in_a_limit(ask, name: str, size: int) -> None:  # type: ignore[no-untyped-def]
    how = ended(ask, exhausting(size)[name])
    may_be_done_in_time = {"values", "bind", "star", "chain", "path"}
    assert how in KILLS | ({"answered", "rows"} if name in may_be_done_in_time else set())


def doubling(times: int) -> str:
    steps = "".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(times))
    return f'SELECT (STRLEN(?a{times}) AS ?x) {{ BIND("0123456789abcdef" AS ?a0) {steps} }}'


def replacing(times: int) -> str:
    steps = "".join(f'BIND(REPLACE(?a{n}, "", ?a{n}) AS ?a{n + 1})' for n in range(times))
    return f'SELECT (STRLEN(?a{times}) AS ?x) {{ BIND("0123456789abcdef" AS ?a0) {steps} }}'


PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
BOMBS = {
    "doubling": doubling(30),
    "replacing": replacing(8),
    "ordered product": f"SELECT * {{ {PRODUCT} }} ORDER BY ?c ?f ?i",
    "distinct product": f"SELECT DISTINCT * {{ {PRODUCT} }} OFFSET 100000000",
    "grouped product": f"SELECT ?c ?f ?i (COUNT(*) AS ?n) {{ {PRODUCT} }} GROUP BY ?c ?f ?i",
    "counted product": f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}",
    "joined texts": f"SELECT (GROUP_CONCAT(?c) AS ?all) {{ {PRODUCT} }}",
    "filtered product": f'ASK {{ {PRODUCT} FILTER(CONCAT(?c, ?f, ?i) = "no") }}',
    "crossed values": "SELECT (COUNT(*) AS ?n) { "
    + "".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(300)))} }} " for n in range(5))
    + "}",
    "any path": "SELECT (COUNT(*) AS ?n) { ?a (!<a:a>|^!<a:a>)* ?b . ?c (!<a:a>|^!<a:a>)* ?d }",
    "missing product": f"SELECT * {{ ?x ?y ?z FILTER NOT EXISTS {{ {PRODUCT} FILTER(?a = ?z) }} }}",
    "large expression": 'ASK { FILTER(REGEX("a", "(((a{1,100}){1,100}){1,100}){1,100}")) }',
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_in_a_limit_and_this_process_does_not_grow(ask, name: str) -> None:  # type: ignore[no-untyped-def]
    own = psutil.Process()
    before = own.memory_info().rss
    assert ended(ask, BOMBS[name]) in KILLS | {"answered", "rows"}
    assert own.memory_info().rss - before < 50 * MEBIBYTE


def test_memory_is_named_as_the_limit(ask) -> None:  # type: ignore[no-untyped-def]
    assert ended(ask, doubling(30), 5.0) == "memory"


def test_good_queries_are_served_while_others_attack(ask) -> None:  # type: ignore[no-untyped-def]
    done = threading.Event()
    attacks = [*BOMBS.values(), *exhausting(1).values()]
    ends: list[float] = []

    def attack() -> None:
        chance = random.Random(5)
        while not done.is_set():
            begin = time.monotonic()
            try:
                ask(chance.choice(attacks), 0.5)
            except CatalogError:
                ends.append(time.monotonic() - begin)

    attacking = threading.Thread(target=attack)
    attacking.start()
    times = []
    try:
        for _ in range(80):
            begin = time.monotonic()
            assert ask(GOOD, 10.0)["rows"] == 4
            times.append(time.monotonic() - begin)
            time.sleep(0.03)
    finally:
        done.set()
        attacking.join()
    assert len(ends) > 3
    assert max(ends) < 0.5 + 0.3
    assert sorted(times)[int(len(times) * 0.95)] < 0.5
    assert statistics.median(times) < 0.05


class Listener:
    """Listens on the loopback and counts who comes."""

    def __init__(self) -> None:
        self.accepted = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def test_no_spelling_of_service_reaches_anybody_past_the_guard(ask, listener: Listener) -> None:  # type: ignore[no-untyped-def]
    reaching = 0
    for query in SERVICES.values():
        spelled = query.replace("http://x/", f"http://127.0.0.1:{listener.port}/")
        ended(ask, spelled, 5.0)
        assert listener.accepted == reaching
    ended(ask, f"SELECT * {{ SERVICE <http://127.0.0.1:{listener.port}/> {{}} }}", 5.0)
    assert listener.accepted == 0


def test_without_a_jail_the_same_spellings_do_reach_the_listener(listener: Listener) -> None:
    store = Store()
    store.update("INSERT DATA { <a:a> <a:b> 1, 'z' }")
    for query in SERVICES.values():
        evaluate(store, query.replace("http://x/", f"http://127.0.0.1:{listener.port}/"))
    assert listener.accepted >= 14


def evaluate(store: Store, query: str) -> None:
    try:
        results = store.query(query)
        if isinstance(results, QuerySolutions):
            for _ in results:
                pass
    except (SyntaxError, OSError, RuntimeError, ValueError):
        pass


def test_what_passes_the_guard_reaches_nobody_even_without_a_jail(listener: Listener) -> None:
    """Cut real queries and SERVICE clauses into each other; the engine is the judge."""
    store = Store()
    store.update("INSERT DATA { <a:a> <a:b> 1, 'z' }")
    chance = random.Random(11)
    here = f"http://127.0.0.1:{listener.port}/"
    corpus = [query.replace("http://x/", here) for query in SERVICES.values()]
    corpus += [PREFIXES + query for query in REALISTIC.values() if len(query) < 2000]
    pieces = [
        "'",
        '"',
        "'''",
        "#",
        "\n",
        "<",
        ">",
        "(",
        ")",
        "<='>",
        "?a<?b",
        "}",
        "{",
        ";",
        ".",
        " ",
    ]
    pieces += [f"SERVICE<{here}>{{}}", "SERVICE", "FILTER(", "\\", "<#'>", "/", "^", "a", ","]
    passed = parsed = 0
    for _ in range(6000):
        one, other = chance.choices(corpus, k=2)
        place = chance.randint(0, len(one))
        middle = "".join(chance.choices(pieces, k=chance.randint(0, 3)))
        if chance.random() < 0.5:
            text = one[:place] + middle + other[chance.randint(0, len(other)) :]
        else:
            text = one[:place] + middle + one[place + chance.randint(0, 2) :]
        try:
            guard(text)
        except Unreadable:
            continue
        passed += 1
        evaluate(store, text)
        assert listener.accepted == 0, text
        parsed += is_query(store, text.replace(here, "http://127.0.0.1:9/"))
    assert passed > 300
    assert parsed > 30


HEADS = [
    "BASE <http://b/> PREFIX e: <http://e/> PREFIX x: <http://www.w3.org/2001/XMLSchema#> " + head
    for head in (
        "SELECT * { ",
        "ASK { ?s ?p ?a . ",
        "CONSTRUCT { ?s ?p (1 <i'>) } { ",
        "SELECT (?a<?b AS ?c) { ",
        "SELECT ?a { {} { ",
    )
]
LEFT = ["?a", "1", "'x'", "(?a)", "e:c", "<i>", "true", "?a+1", "STR(?a)", "EXISTS{}", "'x'@en"]
LEFT += ["'x'^^<d>", "!?a", ".5", "<='>", "?a<?b"]
RIGHT = ["?b", "'x>'", "?b#>'''\n", "?b#>'\n", "?b>'", "<i#>", "<i'>", "'''>'''", '"\'>"', "<>"]
RIGHT += ["(?b#>'''\n)", "='>'", "?b&&?c>'y'", "?b||'>'='", "e:a\\'>b", "e:a\\#>b"]
PARTS = Path(__file__).with_name("comparisons.txt").read_text("utf-8").splitlines()
TAILS = [
    "",
    "#'",
    "#'''",
    "#>'''",
    "?z e:p ''",
    "?z e:p '>'.",
    "FILTER('y'>?a)",
    "#>",
    "?z e:p <q'>",
]


def test_no_comparison_hides_a_service_from_the_guard(listener: Listener) -> None:
    """Build valid queries with SERVICE behind every kind of `<`, and ask those that pass."""
    store = Store()
    store.update("INSERT DATA { <a:a> <a:b> 1, 'z' }")
    chance = random.Random(13)
    service = f"SERVICE<http://127.0.0.1:{listener.port}/>{{}}"

    def part(number: int) -> str:
        text = chance.choice(PARTS).replace("№", str(number))
        return text.replace("‹", chance.choice(LEFT)).replace("›", chance.choice(RIGHT))

    valid = 0
    for _ in range(12_000):
        text = chance.choice(HEADS) + "".join(part(n) for n in range(chance.randint(1, 3)))
        text += service + chance.choice(["", part(9)]) + chance.choice(TAILS) + "\n}"
        text += "}" * (text.count("{") > text.count("}"))
        if not is_query(store, text.replace(f":{listener.port}/", ":9/")):
            continue
        valid += 1
        try:
            guard(text)
        except Unreadable:
            continue
        evaluate(store, text)
        assert listener.accepted == 0, text
    assert valid > 500


def is_query(store: Store, text: str) -> bool:
    try:
        store.query(text)
    except (SyntaxError, OSError, RuntimeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_past_the_guard_is_no_query(ask, checkpoint: Path, update: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unreadable):
        ask(update)
    assert ask("SELECT * { ?s ?p ?o }")["rows"] == 1201
