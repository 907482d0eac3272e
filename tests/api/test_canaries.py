"""What is not public is nowhere: words that nobody can guess, planted and looked for everywhere.

A state machine lives the life of items: it submits, revises, uploads, publishes, begins versions,
deletes and withdraws, and everything that it writes holds a word of its own. After each step a
stranger asks every address that can be read, as the routes of the application name them, so that a
new route is looked at without a change here. A word that nobody may read must be in no answer, no
header and no package; what everybody may read must be where it belongs.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from werkzeug.test import TestResponse

from api.exports import EXPORTS
from api.negotiation import SUFFIXES
from api.signposting import LINKSETS
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from tests.api.buckets import client
from tests.api.sites import BASE, TURTLE, Caller, Site, address_by, kept, relay_of, site_in
from tests.catalogs import DESCRIPTION

WORD: Final = re.compile(r"canary[0-9a-f]{16}")
FORM: Final = "application/x-www-form-urlencoded"
FORMS: Final = (*SUFFIXES, *(export.suffix for export in EXPORTS), *LINKSETS, "crate.zip")
SELDOM: Final = (
    "/docs", "/openapi.json", "/context.jsonld", "/ns", "/shapes", "/validate", "/new", "/sign-in",
    "/vocab", "/rest", "/static", "/metrics", "/problems",
)  # fmt: skip
"""What shows no item, or only how often terms are cited: looked at once, at the end."""

PREFIXES: Final = ("oai_dc", "oai_datacite", "datacite", "dcat")
ENTRANCES: Final = (
    "/items?limit=100",
    f"/items?cites={quote('https://w3id.org/sage/vocab/ml-task/semantic-segmentation', safe='')}",
    "/vocab/ml-task/semantic-segmentation",
    *(f"/oai?verb=ListRecords&metadataPrefix={prefix}" for prefix in PREFIXES),
    *(f"/oai?verb=ListIdentifiers&metadataPrefix={prefix}" for prefix in PREFIXES),
    "/oai?verb=Identify",
    "/oai?verb=ListSets",
    *(f"/catalog.{suffix}" for suffix in ("ttl", "jsonld", "rdf")),
)
"""Addresses with parameters that no route names."""

TWINS: Final = (
    *(f"/oai?verb=ListIdentifiers&metadataPrefix={prefix}" for prefix in PREFIXES[1:]),
    *(f"/oai?verb=ListRecords&metadataPrefix={prefix}" for prefix in PREFIXES[1:]),
    "/oai?verb=Identify",
    "/oai?verb=ListSets",
    "/catalog.jsonld",
    "/catalog.rdf",
)
"""Of these, which say the same as others of another form, the end of a life is early enough."""

GRAPHS: Final = (
    "SELECT ?s ?p ?o { %s FILTER (CONTAINS(STR(?o), 'canary') || CONTAINS(STR(?s), 'canary')) }"
)
OF_ITEMS: Final = GRAPHS % f"GRAPH ?g {{ ?s ?p ?o }} FILTER (STRSTARTS(STR(?g), '{BASE}items/'))"
ALL_GRAPHS: Final = GRAPHS % "?s ?p ?o"
FOLLOWED: Final = re.compile(
    rf'(?:{re.escape(BASE)}|(?<=href="/))'
    r"((?:events|catalog|sitemap|feed|oai|items\?[^\s\"'<>\\]*cursor)[^\s\"'<>\\]*)"
)
MOST_FOLLOWED: Final = 60


@dataclass
class Words:
    """Every word that was planted, what it stands for, and who may find it.

    secret  must be in no answer to a stranger
    graves  may be in answers about one item alone, whose path this is: what a tombstone tells
    """

    meaning: dict[str, str] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    graves: dict[str, str] = field(default_factory=dict)

    def new(self, meaning: str) -> str:
        """Return another word; it is secret until it is told."""
        word = f"canary{sha256(f'{len(self.meaning)} {meaning}'.encode()).hexdigest()[:16]}"
        self.meaning[word] = meaning
        self.secret.add(word)
        return word

    def tell(self, words: Iterable[str]) -> None:
        """Let everybody find words."""
        self.secret -= set(words)

    def bury(self, words: Iterable[str], path: str) -> None:
        """Let words be found on the tombstone of an item alone."""
        self.secret -= set(words)
        self.graves |= dict.fromkeys(words, path)

    def hide(self, words: Iterable[str]) -> None:
        """Let nobody find words any more."""
        self.secret |= set(words)

    def leaks(self, answer: bytes, where: str) -> list[str]:
        """Return a sentence for each word that this answer may not hold.

        where  ends in the path that was asked for, whose words every answer may repeat
        """
        found = set(WORD.findall(answer.decode("utf-8", "replace"))) - set(WORD.findall(where))
        return [
            f"{where} holds {self.meaning.get(word, word)}"
            for word in sorted(found)
            if word in self.secret
            or (word in self.graves and not where.split(" ")[-1].startswith(self.graves[word]))
        ]


ELSEWHERE: Final = """
<> dcat:distribution <#far> .
<#far> a dcat:Distribution ; dct:title "WORD elsewhere"@en ; dct:license spdx-license:MIT ;
  dcat:accessURL <https://example.org/WORD> ; dcat:downloadURL <https://example.org/WORD.bin> ;
  dcat:mediaType <https://www.iana.org/assignments/media-types/image/png> .
"""
"""Bytes that lie elsewhere, whose address nobody may find while the item is hidden."""

SEEN: Final = ("public", "restricted", "embargoed")
"""The states in which everybody reads the description, and gets the files of the first alone."""


@dataclass
class Edition:
    """One version of a planted item: its words, by what they stand for, and its state."""

    n: int
    state: str = "draft"
    words: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def all_words(self) -> set[str]:
        names = {found[0] for name in self.files if (found := WORD.findall(name))}
        return {*self.words.values(), *self.files.values(), *names}

    @property
    def told(self) -> set[str]:
        """What everybody may read once it is published: without bytes that are closed."""
        return self.all_words - (set(self.files.values()) if self.state != "public" else set())

    @property
    def on_tombstone(self) -> set[str]:
        """What a tombstone says: the citation."""
        return {self.words["title"], self.words["creator"]}


@dataclass
class Plant:
    """A planted item."""

    id: str
    editions: list[Edition]
    is_over: bool = False
    terms: set[str] = field(default_factory=set)
    """What has to be agreed to: told to whoever reads about the item."""

    @property
    def path(self) -> str:
        return f"/items/{self.id}"

    @property
    def newest(self) -> Edition:
        return self.editions[-1]

    @property
    def public(self) -> Edition | None:
        """The newest version that everybody sees."""
        return next((one for one in reversed(self.editions) if one.state in SEEN), None)


@dataclass
class Garden:
    """A catalog in which words are planted, and all of them."""

    site: Site
    words: Words = field(default_factory=Words)
    buckets: list[tuple[str, str]] = field(default_factory=list)
    """Each by its id, with a folder in it."""

    # -- what a stranger can ask

    @property
    def rules(self) -> list[str]:
        found = self.site.app.url_map.iter_rules()
        return sorted({one.rule for one in found if "GET" in (one.methods or ())})

    def lists(self, *, seldom: bool) -> list[str]:
        """Return the addresses that belong to no item."""
        patterns = [one for one in self.rules if not one.startswith("/items/<")]
        paths = [*(address_by(one) for one in patterns), *ENTRANCES, *self.of_buckets()]
        return [path for path in paths if path.startswith(SELDOM) == seldom]

    def of_buckets(self) -> Iterator[str]:
        """Yield the addresses of the latest bucket, as clients of Sage's storage API ask."""
        for bucket, folder in self.buckets[-1:]:
            path = f"/api/v1/objects/{bucket}"
            for end in ("", "/", "/?recursive=True", f"/{folder}/", f"/{folder}/{folder}.txt"):
                yield path + end
            yield f"{path}?permissions=True"

    def of_item(self, plant: Plant) -> list[str]:
        """Return the addresses of an item, of its versions and files, in every form."""
        names = [name for edition in plant.editions for name in edition.files] or ["none"]
        found = []
        for pattern in (one for one in self.rules if one.startswith("/items/<")):
            for n in range(1, len(plant.editions) + 2) if "<version:n>" in pattern else (1,):
                for name in names if "<path:name>" in pattern else ("",):
                    for suffix in FORMS if "<string:suffix>" in pattern else ("",):
                        given = {"id": plant.id, "n": str(n), "name": name, "suffix": suffix}
                        found.append(address_by(pattern, **given))
        oai = {"verb": "GetRecord", "identifier": f"oai:127.0.0.1:{plant.id}"}
        found += [
            f"/oai?{urlencode(oai | {'metadataPrefix': name})}" for name in ("oai_dc", "dcat")
        ]
        return list(dict.fromkeys(found))

    def near(self, plant: Plant) -> list[str]:
        """Return those of them that show most."""
        pages = [plant.path, f"{plant.path}/v/{len(plant.editions) or 1}"]
        return [
            *pages,
            *(f"{page}{end}" for page in pages for end in (".ttl", "/files", ".crate.zip")),
            f"{plant.path}/history",
        ]

    def leaks_at(self, paths: Iterable[str], who: Caller) -> Iterator[str]:
        """Yield a sentence for each secret word in an answer, and in what that leads to."""
        waiting, seen = list(paths), set()
        room = len(waiting) + MOST_FOLLOWED
        while waiting and len(seen) < room:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            for accept in (None,) if _SUFFIX.search(path) else (None, "text/html"):
                answer = who.get(path, Accept=accept)
                is_recorded = path.startswith("/api/v1/")  # which answers as Sage's storage API did
                assert is_recorded or answer.status_code in {*range(500), 503}, (path, answer.text)
                yield from self.words.leaks(_everything_in(answer), f"{accept} at {path}")
                if answer.status_code == 200 and not path.startswith(SELDOM):
                    waiting.extend(f"/{found}" for found in _led_to(answer))

    def leaks_in_graphs(self, query: str) -> Iterator[str]:
        """Yield a sentence for each secret word that SPARQL answers."""
        answer = self.site.anyone.post("/sparql", query, Content_Type="application/sparql-query")
        assert answer.status_code == 200, answer.text
        yield from self.words.leaks(answer.data, "SPARQL at /sparql")


_SUFFIX: Final = re.compile(r"\.[a-z.]+$")
"""The end of an address that decides the form, so that `Accept` changes nothing."""


def _everything_in(answer: TestResponse) -> bytes:
    """Return headers and body; of a package, what is in it."""
    headers = "".join(f"{name}: {value}\n" for name, value in answer.headers).encode()
    if answer.mimetype != "application/zip" or answer.status_code != 200:
        return headers + answer.data
    with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
        inside = (one.encode() + package.read(one) for one in package.namelist())
        return headers + b"".join(inside)


def _led_to(answer: TestResponse) -> list[str]:
    """Return further pages of lists and feeds that an answer names."""
    found = FOLLOWED.findall(answer.text) if answer.mimetype != "application/zip" else []
    return list(dict.fromkeys(path.replace("&amp;", "&").partition("#")[0] for path in found))


GARDEN: list[Garden] = []


class Life(RuleBasedStateMachine):
    """The life of items, watched by strangers."""

    def __init__(self) -> None:
        super().__init__()
        self.garden = GARDEN[-1]
        self.site = self.garden.site
        self.words = self.garden.words
        self.plants: list[Plant] = []
        self.touched: Plant | None = None

    # -- what is written

    def description(self, plant_name: str, edition: Edition) -> str:
        """Return a description full of new words; those before are secret unless told."""
        edition.words = {
            kind: self.words.new(f"the {kind} of {plant_name}, version {edition.n}")
            for kind in ("title", "description", "keyword", "creator", "reference")
        }
        elsewhere = ELSEWHERE.replace("WORD", edition.words["reference"])
        return (
            DESCRIPTION.replace("TITLE", edition.words["title"])
            .replace("Sky images of one node", f"Sky images {edition.words['description']}")
            .replace('"cloud"@en', f'"{edition.words["keyword"]}"@en')
            .replace("Ana Ruiz", f"Ana {edition.words['creator']}")
        ) + elsewhere

    def changed(self, plant: Plant, answer: TestResponse) -> None:
        """Note that a change was taken."""
        assert answer.status_code in {200, 201, 204}, answer.text
        self.touched = plant

    def pick(self, which: int, fits: Callable[[Plant], bool]) -> Plant | None:
        """Return one of the items of which something holds; None without any."""
        fitting = [plant for plant in self.plants if not plant.is_over and fits(plant)]
        return fitting[which % len(fitting)] if fitting else None

    def any_plant(self, *states: str) -> bool:
        return self.pick(0, lambda plant: plant.newest.state in states) is not None

    # -- what happens

    @initialize()
    def begin(self) -> None:
        """Have something public and something that is not, each with a file, and a bucket."""
        self.make_bucket()
        self.name_a_token()
        self.submit()
        self.upload(0)
        self.publish(0, "public")
        self.submit()
        self.upload(0)

    def make_bucket(self) -> None:
        """Have Sage's storage API keep a file in a bucket that is nobody else's."""
        name, key, word = (
            self.words.new(f"{kind} {len(self.words.meaning)}")
            for kind in ("the name of a bucket", "a key in it", "bytes in it")
        )
        bucket = client(self.site).create(f"type=training-data&name={name}")
        sent = client(self.site).put(f"/{bucket}/{key}/{key}.txt", word.encode())
        assert sent.status_code == 200, sent.text
        self.garden.buckets.append((bucket, key))

    def name_a_token(self) -> None:
        """Have a token whose label is nobody else's."""
        label = self.words.new(f"the label of a token {len(self.words.meaning)}")
        made = self.site.owner.post("/me/tokens", {"label": label, "scopes": ["read"]})
        assert made.status_code == 201, made.text

    @precondition(lambda self: sum(not plant.is_over for plant in self.plants) < 3)
    @rule()
    def submit(self) -> None:
        edition = Edition(1)
        sent = self.description(f"item {len(self.words.meaning)}", edition)
        one = kept(self.site.owner.post("/items?wait=5", sent, Content_Type=TURTLE))
        self.plants.append(Plant(one.id, [edition]))
        self.touched = self.plants[-1]

    @precondition(lambda self: self.any_plant("draft"))
    @rule(which=st.integers(0, 9))
    def upload(self, which: int) -> None:
        plant = self.pick(which, lambda one: one.newest.state == "draft")
        assert plant
        edition = plant.newest
        about = f"of a file of {plant.id}, version {edition.n}"
        name, word = f"{self.words.new(f'the name {about}')}.csv", self.words.new(f"bytes {about}")
        path = f"{plant.path}/v/{edition.n}/files/{name}"
        sent = self.site.owner.put(path, f"at,said\n1,{word}\n", Content_Type="text/csv")
        edition.files[name] = word
        self.changed(plant, sent)

    @precondition(lambda self: self.any_plant("draft", *SEEN, "private"))
    @rule(which=st.integers(0, 9))
    def revise(self, which: int) -> None:
        plant = self.pick(which, lambda one: one.newest.state != "gone")
        assert plant
        edition = plant.newest
        sent = self.description(plant.id, edition)
        path = f"{plant.path}/v/{edition.n}?wait=5"
        self.changed(plant, self.site.owner.put(path, sent, Content_Type=TURTLE, If_Match="*"))
        if edition.state in SEEN:
            self.words.tell(edition.told)

    @precondition(lambda self: self.any_plant("draft"))
    @rule(which=st.integers(0, 9), visibility=st.sampled_from(["public", *SEEN, "private"]))
    def publish(self, which: int, visibility: str) -> None:
        plant = self.pick(which, lambda one: one.newest.state == "draft")
        assert plant
        self.changed(plant, self.site.owner.post(
            f"{plant.path}/publication?wait=5", seen_by(visibility), If_Match="*"
        ))  # fmt: skip
        plant.newest.state = visibility
        if visibility in SEEN:
            self.words.tell(plant.newest.told | plant.terms)

    @precondition(lambda self: self.any_plant("private"))
    @rule(which=st.integers(0, 9), visibility=st.sampled_from(SEEN))
    def open_what_is_private(self, which: int, visibility: str) -> None:
        plant = self.pick(which, lambda one: one.newest.state == "private")
        assert plant
        self.open(plant, visibility)

    @precondition(lambda self: self.any_plant(*SEEN[1:]))
    @rule(which=st.integers(0, 9))
    def open_the_files(self, which: int) -> None:
        plant = self.pick(which, lambda one: one.newest.state in SEEN[1:])
        assert plant
        self.open(plant, "public")

    def open(self, plant: Plant, visibility: str) -> None:
        self.changed(plant, self.site.owner.put(
            f"{plant.path}/visibility?wait=5", seen_by(visibility), If_Match="*"
        ))  # fmt: skip
        plant.newest.state = visibility
        self.words.tell(plant.newest.told | plant.terms)

    @precondition(lambda self: self.any_plant(*SEEN))
    @rule(which=st.integers(0, 9))
    def begin_version(self, which: int) -> None:
        plant = self.pick(which, lambda one: one.newest.state in SEEN)
        assert plant
        before = plant.newest
        begun = self.site.owner.post(f"{plant.path}/versions?wait=5", If_Match="*")
        plant.editions.append(Edition(before.n + 1, files=dict(before.files)))
        self.changed(plant, begun)
        sent = self.description(plant.id, plant.newest)
        path = f"{plant.path}/v/{plant.newest.n}?wait=5"
        self.changed(plant, self.site.owner.put(path, sent, Content_Type=TURTLE, If_Match="*"))

    @precondition(lambda self: self.any_plant("draft"))
    @rule(which=st.integers(0, 9))
    def delete(self, which: int) -> None:
        plant = self.pick(which, lambda one: one.newest.state == "draft")
        assert plant
        path = f"{plant.path}/v/{plant.newest.n}"
        self.changed(plant, self.site.owner.delete(path, If_Match="*"))
        plant.editions.pop()
        plant.is_over = not plant.editions

    @precondition(lambda self: self.pick(0, lambda one: one.public is not None))
    @rule(which=st.integers(0, 9))
    def withdraw(self, which: int) -> None:
        plant = self.pick(which, lambda one: one.public is not None)
        assert plant
        self.changed(plant, self.site.owner.post(
            f"{plant.path}/withdrawal?wait=5", {"reason": "a test"}, If_Match="*"
        ))  # fmt: skip
        plant.is_over = True
        self.words.hide(plant.terms)
        for edition in plant.editions:
            self.words.hide(edition.all_words)
            if edition.state in {*SEEN, "gone"}:
                self.words.bury(edition.on_tombstone, plant.path)

    @precondition(lambda self: self.pick(0, _has_two_public))
    @rule(which=st.integers(0, 9))
    def withdraw_the_newest_version(self, which: int) -> None:
        plant = self.pick(which, _has_two_public)
        assert plant
        edition = plant.newest
        self.changed(plant, self.site.owner.post(
            f"{plant.path}/v/{edition.n}/withdrawal?wait=5", {"reason": "a test"}, If_Match="*"
        ))  # fmt: skip
        edition.state = "gone"
        still = {word for one in plant.editions[:-1] for word in one.all_words}
        self.words.hide(edition.all_words - still)
        self.words.bury(edition.on_tombstone, plant.path)

    @precondition(lambda self: self.pick(0, lambda one: one.public is not None))
    @rule(which=st.integers(0, 9))
    def tell_the_owner(self, which: int) -> None:
        plant = self.pick(which, lambda one: one.public is not None)
        if plant is None or "/items/<string:id>/report" not in self.garden.rules:
            return
        word = self.words.new(f"a message to the owner of {plant.id}")
        said = urlencode({"text": f"Something is wrong here, namely {word}.", "reply_to": ""})
        answer = self.site.anyone.post(f"{plant.path}/report", said, Content_Type=FORM)
        assert answer.status_code in {303, 429}, answer.text
        self.touched = plant

    @precondition(lambda self: self.pick(0, lambda one: True))
    @rule(which=st.integers(0, 9))
    def share(self, which: int) -> None:
        """Have everything about sharing that has words of its own, and a file on its way."""
        plant = self.pick(which, lambda one: True)
        assert plant
        label, grantee, purpose, name = (
            self.words.new(f"{kind} of {plant.id}, {len(self.words.meaning)}")
            for kind in ("the label of a link", "a grantee", "an agreement", "a file on its way")
        )
        grant = {"grantee_type": "USER", "grantee": grantee, "permission": "READ"}
        by, path = self.site.owner, plant.path
        self.changed(plant, by.post(f"{path}/links", {"label": label}))
        self.changed(plant, by.put(f"{path}/permissions", [grant], If_Match="*"))
        self.changed(plant, by.put(f"{path}/agreement", {"text": purpose}, If_Match="*"))
        plant.terms.add(purpose)
        if plant.newest.state == "draft":
            said = {"name": f"{name}.bin", "size_bytes": 4, "sha256": "0" * 64}
            self.changed(plant, by.post(f"{path}/uploads", said))
        if plant.public is not None:
            self.words.tell(plant.terms)

    @precondition(lambda self: self.any_plant(*SEEN[1:]))
    @rule(which=st.integers(0, 9), decision=st.sampled_from(["refuse", "grant"]))
    def ask_for_access(self, which: int, decision: str) -> None:
        """Have a curator ask for closed files, and the owner answer."""
        plant = self.pick(which, lambda one: one.newest.state in SEEN[1:])
        assert plant
        purpose, reason = (
            self.words.new(f"{kind} of {plant.id}, {len(self.words.meaning)}")
            for kind in ("the purpose of a request", "the answer to a request")
        )
        agreed = self.site.anyone.get(f"{plant.path}/agreement").get_json()["version"]
        said = {"purpose": f"To look into {purpose}.", "accepted_agreement": agreed}
        made = self.site.curator.post(f"{plant.path}/access-requests", said)
        if made.status_code in {409, 429}:  # one that was granted, or too many
            return
        self.changed(plant, made)
        answer = {"decision": decision, "reason": f"So {reason}."}
        path = f"{plant.path}/access-requests/{made.get_json()['id']}/decision"
        self.changed(plant, self.site.owner.post(path, answer))

    # -- what strangers see

    @invariant()
    def nothing_secret_is_found(self) -> None:
        plant, self.touched = self.touched, None
        if plant is None:
            return
        lists = [path for path in self.garden.lists(seldom=False) if path not in TWINS]
        self.check(lists + self.garden.near(plant), OF_ITEMS)
        self.check_presence(plant)

    def check(self, paths: Iterable[str], query: str) -> None:
        leaks = self.garden.leaks_at(paths, self.site.anyone)
        assert [*leaks, *self.garden.leaks_in_graphs(query)] == []

    def check_presence(self, plant: Plant) -> None:
        """Look for what everybody may read where it belongs."""
        edition = plant.public
        if plant.is_over or edition is None:
            assert plant.id not in self.site.anyone.get("/items?limit=100").text
            assert self.site.anyone.get(plant.path).status_code in {404, 410}
            return
        title, text = edition.words["title"], edition.words["description"]
        get = self.site.anyone.get
        for path in (plant.path, f"{plant.path}/v/{edition.n}"):
            for suffix in ("html", "json", "ttl", "jsonld", "rdf", "nt"):
                said = get(f"{path}.{suffix}").text
                assert title in said
                assert text in said
        assert title in get("/items?limit=100").text
        asked = f"ASK {{ GRAPH <{BASE[:-1]}{plant.path}> {{ ?s ?p '{title}'@en }} }}"
        assert json.loads(get(f"/sparql?query={quote(asked)}").text)["boolean"] is True
        for name, word in edition.files.items():
            assert (word in get(f"{plant.path}/files/{name}").text) is (edition.state == "public")
            assert name in get(f"{plant.path}/files").text

    def teardown(self) -> None:
        paths = [path for plant in self.plants for path in self.garden.of_item(plant)]
        self.check([*TWINS, *paths], ALL_GRAPHS)
        for plant in self.plants:
            self.check_presence(plant)


def _has_two_public(plant: Plant) -> bool:
    return [one.state in SEEN for one in plant.editions[-2:]] == [True, True]


def seen_by(visibility: str) -> dict[str, str]:
    """Return what a publication says for a visibility."""
    dates = {"until": "2033-03-03"} if visibility == "embargoed" else {}
    return {"visibility": visibility, **dates}


@pytest.fixture(scope="module")
def garden(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Iterator[Garden]:
    made = site_in(tmp_path_factory.mktemp("garden"), judge, queries)
    with relay_of(made) as running:
        GARDEN.append(Garden(running))
        yield GARDEN[-1]
        GARDEN.pop()


def test_no_step_of_a_whole_life_shows_what_is_not_public(garden: Garden) -> None:
    life = Life()
    life.begin()
    first, second = life.plants
    for step in (
        lambda: life.revise(0),
        lambda: life.begin_version(0),
        lambda: life.upload(0),
        lambda: life.share(0),
        lambda: life.share(1),
        lambda: life.delete(0),
        lambda: life.begin_version(0),
        lambda: life.publish(0, "restricted"),
        lambda: life.ask_for_access(0, "refuse"),
        lambda: life.tell_the_owner(0),
        lambda: life.withdraw_the_newest_version(0),
        lambda: life.revise(1),
        lambda: life.publish(0, "private"),
        lambda: life.open_what_is_private(0, "embargoed"),
        lambda: life.open_the_files(0),
        lambda: life.begin_version(0),
        lambda: life.withdraw(0),
        lambda: life.withdraw(0),
    ):
        step()
        life.nothing_secret_is_found()
    assert first.is_over
    assert second.is_over
    life.teardown()


def test_no_order_of_steps_shows_what_is_not_public(garden: Garden) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Life,
        settings=settings(
            max_examples=2,
            stateful_step_count=6,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(garden.words.meaning) > 50


def test_at_the_end_even_what_shows_no_items_holds_nothing_secret(garden: Garden) -> None:
    site = garden.site
    leaks = [
        *garden.leaks_at(garden.lists(seldom=True), site.anyone),
        *garden.leaks_at(garden.lists(seldom=False), site.other),
    ]
    assert leaks == []
    assert garden.words.secret
