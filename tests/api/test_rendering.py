"""The pages: sound HTML, complete without a script, deaf to what strangers write into them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from html5rdf import HTMLParser
from html5rdf.treebuilders import getTreeBuilder

from api import history_rendering, rendering, token_pages, vocabulary_rendering
from api.asking import ExampleQuery, SparqlOutcome
from api.file_pages import files_page
from api.form_findings import Findings, Told
from api.form_tree import described, with_room
from api.form_view import Sending
from api.form_words import Words
from api.frame import Frame
from api.landing import IDS, Chosen
from api.naming import naming
from api.preview import Preview
from catalog.domain.description import Description, term_of_text
from catalog.domain.differences import difference
from catalog.domain.errors import (
    NotAcceptable,
    NotConforming,
    NotFound,
    TooMany,
    Unreadable,
    every_error,
)
from catalog.domain.identifiers import SAGE, VOCAB, item_iri
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.messages import Inbox, Message
from catalog.domain.permissions import Action, Actor, Role, Scope
from catalog.domain.proposing.proposals import (
    Decision,
    Difference,
    Note,
    Plan,
    ProposalLine,
    ProposalPage,
    ProposalRecord,
    TermState,
)
from catalog.domain.proposing.proposals import Kind as ProposalKind
from catalog.domain.proposing.proposals import State as ProposalState
from catalog.domain.reading import read
from catalog.domain.record import (
    Delay,
    Deprecation,
    Dois,
    DoiState,
    FileRecord,
    ItemLine,
    ItemName,
    ItemRecord,
    Page,
    VersionName,
    Withdrawal,
)
from catalog.domain.report import Finding, Report, Suggestion
from catalog.domain.schemes import SKOS
from catalog.domain.terms.changes import Change, Kind
from catalog.domain.terms.lexicon import Found
from catalog.library import library
from catalog.services.browse_files import Contents, Folder
from catalog.services.compare import Compared, FileChange, Files
from catalog.services.dates import Dated
from catalog.services.history import Happened
from catalog.services.item_history import Entry, History
from catalog.services.lineage import Lineage
from catalog.services.proposals import Narrowed
from catalog.services.quotas import Usage
from catalog.services.revisions import Revised
from catalog.services.term_history import Happening, ReleaseLine
from catalog.services.tokens import TokenLine, TokenState
from tests.api.access_shown import pages_of_access
from tests.api.references_shown import pages_of_references
from tests.api.sharing_shown import pages_of_sharing

LIBRARY = library()
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
ITEM = "w62kz7rwhm"
SUBJECT = f"<{item_iri(ITEM)}>"
FRAME = Frame(
    base="http://127.0.0.1:8000/",
    path=f"/items/{ITEM}",
    site_title="Sage Catalog",
    account="local",
    csrf="word-of-the-session",
)
VALID = Path(__file__).parent.parent / "shapes" / "valid"
EXAMPLE = ExampleQuery("all", "Everything", "What is there?", "SELECT * { ?s ?p ?o } LIMIT 5")
DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

FINDINGS = (
    Finding(
        "violation",
        "draft",
        "<#n1>",
        "There is no such framework.",
        "scheme",
        path=f"{SAGE}framework",
        property="Framework",
        value="fw:PyTorhc",
        help="The framework.",
        line=2,
        column=3,
        suggestions=(Suggestion("PyTorch", "fw:pytorch"),),
    ),
    Finding("warning", "publication", "<>", "The title has no language.", "language", line=1),
    Finding("info", "publication", "<>", "Nothing has a place here.", "advice", pointer="/a"),
)
REPORT = Report("publication", "0123456789ab", FINDINGS)
GOOD = Report("publication", "0123456789ab", ())


def record_of(*lines: str, **changes: Any) -> ItemRecord:
    """Return a published model that says just `lines`, in N-Triples without their dots."""
    said = [f"{SUBJECT} {TYPE} <http://data.europa.eu/it6/MachineLearningModel>", *lines]
    text = "".join(f"{line} .\n" for line in sorted(set(said)))
    return replace(_PLAIN, ntriples=text, **changes)


_PLAIN = ItemRecord(
    id=ITEM,
    version=1,
    revision=2,
    file_changes=0,
    state_changes=1,
    type="model",
    title="U-Net cloud cover model",
    state=State.PUBLISHED,
    visibility=Visibility.PUBLIC,
    owner_id=1,
    owner="local",
    created=NOW,
    modified=NOW,
    published=NOW,
    ntriples="",
    digest="0" * 64,
    report=GOOD.to_dict(),
    versions=(VersionName(1, State.PUBLISHED, NOW),),
)


def record_from(path: Path, **changes: Any) -> ItemRecord:
    """Return a published item described by a file of the shapes' own examples."""
    description = read(path.read_bytes(), "text/turtle", item=item_iri(ITEM)).description
    return replace(_PLAIN, ntriples=description.ntriples, type=type_of(description), **changes)


def type_of(description: Description) -> str:
    """Return the item type of a description by its deciding class."""
    deciding = LIBRARY.shapes.item_types
    return next(name for name, iri in deciding.items() if iri in description.classes)


FILES = (
    FileRecord("a/source record.json", 2037, "0a" * 32, "application/json", "k", NOW),
    FileRecord("model.pth", 132_000_000, "1b" * 32, "application/octet-stream", "k", NOW),
)
NAMES = {"0123456789": ItemName("0123456789", "weights", "unet_epoch81.pth")}
CITED_BY = (ItemName("5123456789", "ecr-app", "cloud-cover 1.0.4"),)
LINES = tuple(
    ItemLine(ITEM, 1, "model", f"Model {n}", state, Visibility.PRIVATE, "local", NOW, "What it is")
    for n, state in enumerate(State)
)


def item(record: ItemRecord, **changes: Any) -> str:
    """Return the page of an item."""
    return rendering.item(
        changes.pop("frame", FRAME), LIBRARY, record=record, **{"names": NAMES, **changes}
    )


def validated(**changes: Any) -> str:
    """Return the page of validation."""
    given = {"source": "<> a <x> .\n<#n1> <p> 1 .", "media_type": "text/turtle"}
    given |= {"level": "publication", "item_type": None, "report": None, "error": None}
    return rendering.validate(FRAME, LIBRARY, **(given | changes))


def asked(outcome: SparqlOutcome | None = None, **changes: Any) -> str:
    """Return the page of SPARQL."""
    given: dict[str, Any] = {"query": EXAMPLE.query, "examples": (EXAMPLE,)}
    return rendering.sparql(FRAME, **(given | {"outcome": outcome} | changes))


ROWS = SparqlOutcome(
    "select",
    ("item", "title", "missing", "n", "framework", "licence", "node"),
    (
        {
            "item": {"type": "uri", "value": f"http://127.0.0.1:8000/items/{ITEM}"},
            "title": {"type": "literal", "value": "Night heron", "xml:lang": "en"},
            "n": {"type": "literal", "value": "7", "datatype": "urn:int"},
            "framework": {"type": "uri", "value": f"{VOCAB}framework/pytorch"},
            "licence": {"type": "uri", "value": "https://spdx.org/licenses/MIT"},
            "node": {"type": "bnode", "value": "b0"},
        },
    ),
    seconds=0.004,
)

DOCUMENT = {
    "tags": [{"name": "items", "description": "Items"}, {"name": "forms"}],
    "paths": {
        "/items/{id}": {
            "parameters": [{"name": "id", "in": "path"}],
            "get": {
                "tags": ["items"],
                "summary": "Read an item.",
                "parameters": [{"name": "n", "in": "query", "description": "Which version"}],
                "responses": {
                    "200": {"description": "The item", "content": {"text/turtle": {}}},
                    "404": {"description": "Not there"},
                },
            },
            "put": {"tags": ["items"], "requestBody": {"content": {"text/turtle": {}}}},
        },
        "/sign-out": {"post": {"tags": ["forms"]}},
    },
}

RELEASES = (
    ReleaseLine(2, "b" * 12, "loaded", NOW, "Bosch says so", {Kind.RELABELLED: 1, Kind.ADDED: 2}),
    ReleaseLine(1, "a" * 12, "installed", NOW, "", {}),
)
_BME680 = f"{VOCAB}sensor/bme680"
CHANGES = (
    Change("sensor", _BME680, Kind.RELABELLED, "BME680", "BME680", "BME680 of Bosch"),
    Change("sensor", f"{VOCAB}sensor/gone", Kind.REMOVED, "Gone", before="Gone"),
    Change("sensor", _BME680, Kind.MOVED, "BME680", "", f"{VOCAB}capability/gas"),
    Change("sensor", _BME680, Kind.DEPRECATED, "BME680", "", f"{VOCAB}sensor/bme280"),
    Change("sensor", _BME680, Kind.CHANGED, "BME680", f"{SAGE}manufacturer Bosch", ""),
)


def searched(query: str, *, scheme: str = "", page: int = 1, found: Found | None = None) -> str:
    """Return the page of the vocabularies, with what a search finds."""
    within = [scheme] if scheme else []
    found = found or LIBRARY.lexicon.search(query, schemes=within, limit=25, offset=25 * (page - 1))
    return vocabulary_rendering.schemes(
        FRAME,
        LIBRARY,
        query=query,
        scheme=scheme,
        found=found if query else None,
        page=page,
        releases=RELEASES,
    )


def vocabulary(name: str, *, view: str | None = None, letter: str | None = None) -> str:
    """Return the page of a vocabulary whose every term is used by three items."""
    scheme = LIBRARY.vocabularies.scheme(name)
    return vocabulary_rendering.scheme(
        FRAME,
        LIBRARY,
        name,
        view=view,
        letter=letter,
        page=1,
        uses=dict.fromkeys(scheme.concepts if scheme else (), 3),
        newest=RELEASES[0],
        proposals=2,
    )


def term(iri: str, *, used: bool = False) -> str:
    """Return the page of a concept."""
    life = [Happening(change, 2, NOW, "Bosch says so") for change in CHANGES if used]
    return vocabulary_rendering.concept(
        FRAME,
        LIBRARY,
        iri,
        uses=1 if used else 0,
        counts={"model": 12} if used else {},
        page=Page(LINES, 12, None) if used else Page((), 0, None),
        life=life,
        proposals=1 if used else 0,
    )


_TEXT = Difference(added=('"SHT35"@en',))
PROPOSAL = ProposalRecord(
    id=3,
    plan=Plan(
        ProposalKind.TERM, "sensor", f"{VOCAB}sensor/sht35", "SHT35", {f"{SKOS}prefLabel": _TEXT}
    ),
    state=ProposalState.OPEN,
    why="New nodes carry it.",
    by="ana",
    at=NOW,
    decision=None,
    notes=(Note(1, "ana", NOW, "It comes in spring."),),
    in_force=False,
    term_state=TermState.PROPOSED,
)
DECISION = Decision("curator", NOW, "Welcome.")
LISTED = (
    ProposalLine(
        3, ProposalKind.TERM, "sensor", PROPOSAL.plan.concept, "SHT35", ProposalState.OPEN, False,
        "ana", NOW, "New nodes carry it.",
    ),
)  # fmt: skip


def proposal(record: ProposalRecord, error: str = "") -> str:
    """Return the page of a proposal, as a curator sees it."""
    return vocabulary_rendering.proposal(
        FRAME,
        LIBRARY,
        proposal=record,
        actor=Actor(2, "local", Role.CURATOR),
        patch="--- a/vocab/sensor.ttl\n",
        error=error,
        typed={"text": error},
    )


def proposed_terms(lines: Sequence[ProposalLine], *, total: int) -> str:
    """Return a page of the list of proposals."""
    return vocabulary_rendering.proposals(
        FRAME,
        LIBRARY,
        page=ProposalPage(tuple(lines), total, "more" if lines else None),
        narrowed=Narrowed(state=ProposalState.OPEN, scheme="sensor"),
        counts={ProposalState.OPEN: total} if total else {},
        cursor=None,
    )


def proposal_form(sent: dict[str, list[str]] | None = None, error: str = "") -> str:
    """Return the form for a new term, as it was sent where something is wrong with it."""
    errors = [{"field": "prefLabel", "rule": "taken", "message": error}] if error else []
    return vocabulary_rendering.proposal_form(
        FRAME,
        LIBRARY,
        kind=ProposalKind.TERM,
        scheme="sensor",
        concept=None,
        sent=sent,
        errors=errors,
    )


def differing(changes: Sequence[Change]) -> str:
    """Return the page of a difference."""
    return vocabulary_rendering.difference(
        FRAME, LIBRARY, "sensor", before=1, after=2, changes=changes
    )


TABLE = Preview(
    "table", "One row.", head=("a", "<b>"), rows=(("1", "<script>"),), numeric=(True, False)
)
MESSAGES = (
    Message(2, ITEM, 1, "A <b>", "It is <i>wrong</i>.", "ana@example.org", "", NOW, None),
    Message(1, ITEM, 1, "A", "The second row is of another year.", "", "other", NOW, NOW),
)


def previewed(shown: Preview) -> str:
    """Return the page of a file's beginning."""
    return rendering.preview(FRAME, LIBRARY, record=_PLAIN, file=FILES[0], shown=shown)


def revised(path: Path, *, revision: int, **changes: Any) -> Revised:
    """Return a revision of an item that a file describes."""
    record = record_from(path, revision=revision)
    return Revised(
        **{"record": record, "names": NAMES, "at": NOW, "by": "local", "is_current": True} | changes
    )


def compared(before: Revised, after: Revised, files: Files) -> str:
    """Return the page of what differs between two revisions."""
    differs = difference(before.description, after.description)
    found = Compared(after.record, before, after, differs, files)
    return history_rendering.difference(FRAME, LIBRARY, found)


def entry(kind: Happened, **changes: Any) -> Entry:
    """Return something that happened to an item."""
    return Entry(
        **{"seq": 1, "kind": kind, "version": 1, "revision": None, "before": None, "at": NOW,
           "by": "local", "detail": {}} | changes
    )  # fmt: skip


def past(*entries: Entry, cursor: str | None = None) -> str:
    """Return a page of the history of an item, as its owner sees it."""
    found = History(_PLAIN, True, entries, cursor)
    return history_rendering.history(FRAME, LIBRARY, found, is_continued=cursor is not None)


def token_line(label: str, **more: Any) -> TokenLine:
    """Return what the page of tokens shows of one."""
    line = TokenLine(
        id="0123456789ab",
        account="local",
        label=label,
        scopes=(Scope.READ, Scope.WRITE),
        created=datetime(2026, 11, 1, tzinfo=UTC),
        expires=datetime(2027, 1, 30, tzinfo=UTC),
        last_used=None,
        state=TokenState.ACTIVE,
    )
    return replace(line, **more)


PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "front": (
        "index.html",
        lambda: rendering.index(
            FRAME, LIBRARY, counts={"model": 2, "weights": 1}, newest=LINES, examples=(EXAMPLE,)
        ),
    ),
    "files": (
        "files.html",
        lambda: files_page(
            FRAME,
            found=Contents(
                _PLAIN,
                "sky/",
                (Folder("sky/2020/", 1_204), Folder("sky/<b>/", 1)),
                (replace(FILES[0], name="sky/a b.png"),),
                1_206,
                "more",
            ),
            n=1,
            prefix=None,
            cursor="this",
        ),
    ),
    "files, none": (
        "files.html",
        lambda: files_page(
            FRAME,
            found=Contents(_PLAIN, "", (), (), 0, None),
            n=None,
            prefix="<i>",
            cursor=None,
        ),
    ),
    "history": (
        "history.html",
        lambda: past(
            entry(Happened.REVISED, revision=2, before="1.1", changed=(f"{DCT}title", DCT)),
            entry(Happened.REVISED, revision=2, before="v/1", detail={"restored": "1.1"}),
            entry(Happened.WITHDRAWN, detail={"reason": "bad", "note": "<b>Sorry</b>"}),
            *(entry(kind, revision=1) for kind in Happened),
            cursor="more",
        ),
    ),
    "history, empty": ("history.html", past),
    "revision": (
        "item_revision.html",
        lambda: history_rendering.revision(
            FRAME,
            LIBRARY,
            revised(VALID / "common-rich.ttl", revision=1, is_current=False, stage="1.2.0.0"),
        ),
    ),
    "item difference": (
        "item_difference.html",
        lambda: compared(
            revised(VALID / "common-rich.ttl", revision=1),
            revised(VALID / "model-rich-runtime.ttl", revision=2),
            Files((FileChange(FILES[0], FILES[1]), FileChange(None, FILES[0])), totals=(0, 201, 1)),
        ),
    ),
    "item difference, none": (
        "item_difference.html",
        lambda: compared(
            revised(VALID / "common-rich.ttl", revision=1),
            revised(VALID / "common-rich.ttl", revision=1),
            Files((), (0, 0, 0)),
        ),
    ),
    "front, empty": (
        "index.html",
        lambda: rendering.index(FRAME, LIBRARY, counts={}, newest=(), examples=()),
    ),
    "items": (
        "items.html",
        lambda: rendering.items(
            replace(FRAME, path="/items?type=model"),
            LIBRARY,
            page=Page(LINES, 41, "next-one"),
            filters={"type": "model", "owner": "local"},
            counts={"model": 3, "edge-code": 1},
            cursor="this-one",
        ),
    ),
    "items, none": (
        "items.html",
        lambda: rendering.items(
            FRAME, LIBRARY, page=Page((), 0, None), filters={}, counts={}, cursor=None
        ),
    ),
    "item": (
        "item.html",
        lambda: item(
            record_from(VALID / "model-rich-runtime.ttl", files=FILES, files_total=120),
            cited_by=CITED_BY,
            may=frozenset(Action),
        ),
    ),
    "item, draft": (
        "item.html",
        lambda: item(
            record_from(
                VALID / "common-rich.ttl", state=State.DRAFT, published=None, files=FILES[:1]
            ),
            may=frozenset(Action),
            notice="submitted",
        ),
    ),
    "item, blocked": (
        "item.html",
        lambda: item(
            record_of(state=State.DRAFT, published=None, report=REPORT.to_dict()),
            may=frozenset(Action),
        ),
    ),
    "item, under embargo, to a reader": (
        "item.html",
        lambda: item(record_of(visibility=Visibility.EMBARGOED, until=NOW, files=FILES)),
    ),
    "item, under embargo, wrongly changed by its owner": (
        "item.html",
        lambda: item(
            record_of(visibility=Visibility.EMBARGOED, until=NOW, files=FILES),
            may=frozenset(Action),
            chosen=Chosen("embargoed", "<b>soon", field="until", error="No date: <b>soon."),
        ),
    ),
    "item, private, not public on its date": (
        "item.html",
        lambda: item(
            record_of(
                visibility=Visibility.PRIVATE,
                publish_at=NOW,
                delay=Delay(NOW, ("It cites <b>.", "No licence.")),
            ),
            may=frozenset(Action),
            chosen=Chosen("no such", field="visibility", error="There is none <b>."),
        ),
    ),
    "item, deprecated": (
        "item.html",
        lambda: item(
            record_of(
                deprecation=Deprecation(NOW, "A better one is there.", item_iri("0123456789")),
                versions=tuple(VersionName(n, State.PUBLISHED, NOW) for n in (1, 2)),
            )
        ),
    ),
    "item, with all there is beside it": (
        "item.html",
        lambda: item(
            record_from(
                VALID / "common-rich.ttl",
                files=FILES,
                dois=Dois("10.5072/sage.a", "10.5072/sage.a.v1", DoiState.FAILED, "No host."),
            ),
            cited_by=CITED_BY,
            may=frozenset(Action),
            lineage=Lineage((("0123456789", CITED_BY[0]),), ((CITED_BY[0].id, CITED_BY[0]),)),
            preview=(FILES[0].name, TABLE),
        ),
    ),
    "preview, table": ("preview.html", lambda: previewed(TABLE)),
    "preview, text": ("preview.html", lambda: previewed(Preview("text", "One line.", text="a"))),
    "preview, picture": (
        "preview.html",
        lambda: previewed(Preview("picture", "Small.", width=3, height=2)),
    ),
    "preview, nothing": ("preview.html", lambda: previewed(Preview("nothing", "It is empty."))),
    "report": ("report.html", lambda: rendering.report(FRAME, LIBRARY, record=_PLAIN)),
    "report, wrong": (
        "report.html",
        lambda: rendering.report(
            FRAME,
            LIBRARY,
            record=_PLAIN,
            text="short",
            error=NotAcceptable("Say more.", field="text"),
        ),
    ),
    "report, too many": (
        "report.html",
        lambda: rendering.report(
            FRAME, LIBRARY, record=_PLAIN, error=TooMany("Later.", retry_after=9)
        ),
    ),
    "reports": (
        "reports.html",
        lambda: rendering.reports(FRAME, found=Inbox(MESSAGES, 3, 1, "next-one"), only_open=True),
    ),
    "reports, none": (
        "reports.html",
        lambda: rendering.reports(FRAME, found=Inbox((), 0, 0, None), only_open=False),
    ),
    "tombstone": (
        "tombstone.html",
        lambda: rendering.tombstone(
            FRAME,
            LIBRARY,
            record=record_of(
                state=State.WITHDRAWN,
                withdrawal=Withdrawal(
                    NOW, "local", "superseded", "The host is retired.", item_iri("0123456789")
                ),
            ),
        ),
    ),
    "problem": (
        "problem.html",
        lambda: rendering.problem(
            replace(FRAME, account=None, csrf=None),
            status=422,
            title=NotConforming.title,
            detail="One violation.",
            evidence={"report": REPORT.to_dict(), "limit": "seconds"},
            slug="not-conforming",
        ),
    ),
    "problem type": (
        "problem_type.html",
        lambda: rendering.problem_type(FRAME, error=NotConforming),
    ),
    "sparql": ("sparql.html", asked),
    "sparql, rows": ("sparql.html", lambda: asked(ROWS)),
    "sparql, no rows": ("sparql.html", lambda: asked(SparqlOutcome("select", ("a",)))),
    "sparql, yes": ("sparql.html", lambda: asked(SparqlOutcome("ask", boolean=True))),
    "sparql, graph": ("sparql.html", lambda: asked(SparqlOutcome("graph", graph="<a> <b> <c> ."))),
    "sparql, error": (
        "sparql.html",
        lambda: asked(error=Unreadable("SELECT is misspelt.", line=1, column=1)),
    ),
    "validate": ("validate.html", lambda: validated(source="")),
    "validate, report": ("validate.html", lambda: validated(report=REPORT, item_type="model")),
    "validate, good": ("validate.html", lambda: validated(report=GOOD)),
    "validate, error": (
        "validate.html",
        lambda: validated(error=Unreadable("A dot is missing.", line=2, column=4)),
    ),
    "schemes": ("schemes.html", lambda: searched("")),
    "schemes, found": ("schemes.html", lambda: searched("bme680")),
    "schemes, found nearly": ("schemes.html", lambda: searched("temprature bme680")),
    "schemes, second page": ("schemes.html", lambda: searched("a", page=2)),
    "schemes, not found": ("schemes.html", lambda: searched("\u2603")),
    "schemes, not found in one": ("schemes.html", lambda: searched("\u2603", scheme="sensor")),
    "scheme, tree": ("scheme.html", lambda: vocabulary("ml-task")),
    "scheme, list": ("scheme.html", lambda: vocabulary("license", letter="C")),
    "scheme, groups": ("scheme.html", lambda: vocabulary("license", view="groups")),
    "concept": ("concept.html", lambda: term(f"{VOCAB}measurement/env.temperature", used=True)),
    "concept of a publisher": ("concept.html", lambda: term("https://spdx.org/licenses/MIT")),
    "versions": (
        "versions.html",
        lambda: vocabulary_rendering.versions(FRAME, LIBRARY, "sensor", releases=RELEASES),
    ),
    "versions, none": (
        "versions.html",
        lambda: vocabulary_rendering.versions(FRAME, LIBRARY, "sensor", releases=()),
    ),
    "difference": ("difference.html", lambda: differing(CHANGES)),
    "difference, none": ("difference.html", lambda: differing(())),
    "proposals": ("proposals.html", lambda: proposed_terms(LISTED, total=40)),
    "proposals, none": ("proposals.html", lambda: proposed_terms((), total=0)),
    "proposal": ("proposal.html", lambda: proposal(PROPOSAL)),
    "proposal, accepted": (
        "proposal.html",
        lambda: proposal(replace(PROPOSAL, state=ProposalState.ACCEPTED, decision=DECISION)),
    ),
    "proposal, vocabulary": (
        "proposal_choice.html",
        lambda: vocabulary_rendering.proposal_choice(FRAME, LIBRARY),
    ),
    "proposal, form": ("proposal_form.html", lambda: proposal_form()),
    "proposal, refused": (
        "proposal_form.html",
        lambda: proposal_form({"prefLabel": ["BME680"]}, "BME680 is there already."),
    ),
    "shapes": ("shapes.html", lambda: rendering.shapes(FRAME, LIBRARY)),
    "shape": ("shape.html", lambda: rendering.shape(FRAME, LIBRARY, "training-data")),
    "ontology": ("ontology.html", lambda: rendering.ontology(FRAME, LIBRARY)),
    "docs": ("docs.html", lambda: rendering.docs(FRAME, document=DOCUMENT)),
    **pages_of_access(FRAME, LIBRARY, _PLAIN),
    "sign in": ("sign_in.html", lambda: rendering.sign_in(FRAME, next="/me", error=None)),
    "sign in, refused": (
        "sign_in.html",
        lambda: rendering.sign_in(FRAME, next="/me", error="not known.", takes_sage=True),
    ),
    "sign in, elsewhere": (
        "sign_in.html",
        lambda: rendering.sign_in(
            FRAME, next="/me", error=None, provider="Globus", refused="Globus says no."
        ),
    ),
    "signed out": (
        "sign_in.html",
        lambda: rendering.sign_in(
            FRAME,
            next="",
            error=None,
            provider="Globus",
            is_out=True,
            exit="https://auth.example.org/leave",
        ),
    ),
    "tokens": (
        "tokens.html",
        lambda: token_pages.tokens(
            FRAME,
            lines=(
                token_line("", last_used=datetime(2026, 11, 27, 8, 5, tzinfo=UTC)),
                token_line("nightly <b>upload</b>", id="00ff00ff00ff", expires=None),
                token_line("old", id="11ff00ff00ff", state=TokenState.REVOKED),
                token_line("older", id="22ff00ff00ff", state=TokenState.EXPIRED),
            ),
            offered=tuple(Scope),
            made=token_pages.Made("sage_abc", "nightly", datetime(2027, 2, 26, tzinfo=UTC)),
        ),
    ),
    "tokens, none and refused": (
        "tokens.html",
        lambda: token_pages.tokens(
            FRAME,
            lines=(),
            offered=(Scope.READ,),
            filled=token_pages.Filled(label='"><b>', days=0),
            error=NotAcceptable("A token lasts 1 to 365 days."),
            is_ended=True,
        ),
    ),
    "me": (
        "me.html",
        lambda: rendering.me(
            replace(FRAME, path="/me?done=deleted"),
            LIBRARY,
            account="local",
            role="admin",
            page=Page(LINES, 9, "next-one"),
            usage=Usage(3, 4_100_000, 1, 5_000, 1_000_000, 10**12),
            dated=[
                Dated(ITEM, 1, "An <b>embargo", NOW, is_embargo=True, delay=None),
                Dated(ITEM, 2, "Waiting", NOW, is_embargo=False, delay=None),
                Dated(ITEM, 3, "Late", NOW, is_embargo=False, delay=Delay(NOW, ("Why <b>.",))),
            ],
        ),
    ),
    **pages_of_sharing(FRAME, LIBRARY, _PLAIN, LINES),
    **pages_of_references(FRAME, LIBRARY, _PLAIN),
    "new": ("new.html", lambda: rendering.new(FRAME, LIBRARY)),
    **{
        f"form, {item_type}": ("form.html", lambda item_type=item_type: _form(item_type))  # type: ignore[misc]
        for item_type in ("model", "ecr-app", "calibration")
    },
}


def _form(item_type: str) -> str:
    """Return a form with something wrong in it."""
    words = Words(naming(LIBRARY, FRAME), FRAME.base)
    tree = with_room(LIBRARY, described(LIBRARY, words, item_type, {}))
    sending = Sending(f"/new/{item_type}", nonce="once", problem="Refused.", checked=True)
    found = Findings((Told("title.0", "Title", "Give it a title.", "bad"),))
    return rendering.form(
        FRAME, words, item_type=item_type, tree=tree, found=found, sending=sending
    )


class Parsed:
    """A page as an HTML5 parser reads it."""

    def __init__(self, html: str) -> None:
        parser = HTMLParser(tree=getTreeBuilder("etree"), namespaceHTMLElements=False)
        self.root: Element = parser.parse(html)
        self.errors = parser.errors

    def all(self, *names: str) -> list[Element]:
        """Return the elements of some names, in order; all elements for none."""
        found = [node for node in self.root.iter() if isinstance(node.tag, str)]
        return [node for node in found if not names or node.tag.rpartition("}")[2] in names]

    def texts(self) -> str:
        """Return everything that a reader sees, in one string."""
        return " ".join(" ".join(self.root.itertext()).split())

    def hrefs(self) -> list[str]:
        """Return every address that a link or form leads to."""
        names = ("href", "src", "action", "formaction", "{http://www.w3.org/1999/xlink}href")
        return [value for node in self.all() for name in names if (value := node.get(name))]


@pytest.fixture(scope="module", params=sorted(PAGES))
def page(request: pytest.FixtureRequest) -> Parsed:
    return Parsed(PAGES[request.param][1]())


DATED = [name for name in PAGES if name.startswith(("item, under embargo", "item, private"))]


def test_every_template_has_a_page_here() -> None:
    folder = Path(rendering.__file__).parent / "templates"
    pages = {file.name for file in folder.glob("*.html")} - {"base.html"}
    assert {template for template, _ in PAGES.values()} == pages


def test_an_html5_parser_finds_nothing_wrong(page: Parsed) -> None:
    assert page.errors == []


def test_a_page_has_one_main_heading_a_title_and_a_language(page: Parsed) -> None:
    assert len(page.all("h1")) == 1
    assert (page.all("title")[0].text or "").strip()
    assert page.all("html")[0].get("lang") == "en"


def test_headings_go_down_one_level_at_a_time(page: Parsed) -> None:
    levels = [int(node.tag[1]) for node in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_no_style_script_or_handler_stands_in_a_page(page: Parsed) -> None:
    assert page.all("style") == []
    assert all(node.get("src") and not (node.text or "").strip() for node in page.all("script"))
    attributes = {name for node in page.all() for name in node.attrib}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}


def test_every_control_has_a_label(page: Parsed) -> None:
    labelled = {node.get("for") for node in page.all("label")}
    for control in page.all("input", "select", "textarea"):
        if control.get("type") != "hidden":
            assert control.get("id") in labelled, control.attrib


def test_ids_are_unique_and_every_reference_to_one_is_true(page: Parsed) -> None:
    ids = [found for node in page.all() if (found := node.get("id"))]
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    names = ("aria-labelledby", "aria-describedby", "for")
    referred = [one for node in page.all() for name in names for one in node.get(name, "").split()]
    referred += [href[1:] for href in page.hrefs() if href.startswith("#")]
    assert set(referred) <= set(ids)


def test_every_form_that_changes_something_carries_the_word_of_the_session(page: Parsed) -> None:
    for form in page.all("form"):
        if form.get("method") == "post":
            hidden = {node.get("name"): node.get("value") for node in form.iter("input")}
            assert hidden.get("csrf") == "word-of-the-session"


def test_links_within_the_catalog_do_not_name_its_host(page: Parsed) -> None:
    links = [node for node in page.all("a") if not node.get("rel")]
    assert not [link for link in links if (link.get("href") or "").startswith("http")]


def test_links_to_elsewhere_are_not_vouched_for(page: Parsed) -> None:
    outside = [node for node in page.all("a") if (node.get("href") or "").startswith("http")]
    assert all(node.get("rel") == "nofollow noopener ugc" for node in outside)


def test_tables_have_heads_and_what_scrolls_can_be_reached_by_keyboard(page: Parsed) -> None:
    assert all(node.findall(".//th") for node in page.all("table"))
    scrolling = [node for node in page.all("div", "pre") if node.get("class") == "scroll"]
    assert all(node.get("tabindex") == "0" for node in (*scrolling, *page.all("pre")))


@pytest.mark.parametrize("path", sorted(VALID.glob("*.ttl")), ids=lambda path: path.stem)
def test_every_example_of_the_shapes_has_a_sound_page(path: Path) -> None:
    found = Parsed(item(record_from(path, files=FILES), cited_by=CITED_BY))
    ids = [node.get("id") for node in found.all() if node.get("id")]
    assert found.errors == []
    assert len(ids) == len(set(ids))


# -- hostile text

PAYLOADS = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</code></pre><img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data='javascript:alert(1)'>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>*{background:url(https://evil.example/)}</style>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "${alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "javascript:alert(1)",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "<details open ontoggle=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "`-alert(1)-`",
    "]]><svg onload=alert(1)>",
    "\u202e<script>alert(1)</script>",
]
EVIL_IRIS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,alert(1)",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "urn:x:y",
    "http:javascript:alert(1)",
    "https:///javascript:alert(1)",
    "//evil.example/x",
]


def told(payload: str) -> ItemRecord:
    """Return an item that says `payload` wherever a person may write."""
    text = term_of_text(payload, "en")
    plain = term_of_text(payload)
    part = f"<{item_iri(ITEM)}#ana>"
    file = f"<{item_iri(ITEM)}#elsewhere>"
    need = f"<{item_iri(ITEM)}#need>"
    lines = [
        f"{SUBJECT} <{DCT}title> {text}",
        f"{SUBJECT} <{DCT}description> {text}",
        f"{SUBJECT} <{DCAT}keyword> {text}",
        f"{SUBJECT} <{DCAT}version> {plain}",
        f"{SUBJECT} <{DCT}creator> {part}",
        f"{SUBJECT} <{DCAT}distribution> {file}",
        f"{SUBJECT} <{SAGE}runtimeRequirement> {need}",
        f"{SUBJECT} <https://example.org/own#property> {plain}",
        f"{SUBJECT} <{SAGE}unknown> {plain.strip()}^^<https://example.org/datatype>",
        f"{part} {TYPE} <{FOAF}Person>",
        f"{part} <{FOAF}name> {plain}",
        f"{part} <https://schema.org/affiliation> {part}",
        f"{file} {TYPE} <{DCAT}Distribution>",
        f"{file} <{DCT}title> {text}",
        f"{file} <{DCT}description> {text}",
        f"{need} {TYPE} <{SAGE}RuntimeRequirement>",
        f"{need} <{SAGE}baseImage> {plain}",
    ]
    said = Finding("warning", "publication", payload, payload, payload, payload, payload, payload)
    said = replace(said, help=payload, suggestions=(Suggestion(payload, payload),))
    return record_of(
        *lines,
        title=payload,
        owner=payload,
        files=(replace(FILES[0], name=payload, media_type=payload),),
        report=replace(GOOD, findings=(said,)).to_dict(),
        deprecation=Deprecation(NOW, payload, None),
    )


def pages_with(payload: str) -> Iterator[str]:
    """Yield every page on which a stranger's words may stand."""
    record = told(payload)
    names = {"0123456789": ItemName("0123456789", "weights", payload)}
    citing = (ItemName("5123456789", "ecr-app", payload),)
    yield item(record, may=frozenset(Action), cited_by=citing, names=names, notice=payload)
    withdrawal = Withdrawal(NOW, payload, payload, payload, payload)
    yield rendering.tombstone(
        FRAME, LIBRARY, record=replace(record, state=State.WITHDRAWN, withdrawal=withdrawal)
    )
    lines = (replace(LINES[0], title=payload, summary=payload, owner=payload),)
    yield rendering.items(
        replace(FRAME, account=payload, path=f"/items?{payload}"),
        LIBRARY,
        page=Page(lines, 1, payload),
        filters={"owner": payload},
        counts={"model": 1},
        cursor=payload,
    )
    yield rendering.problem(
        FRAME, status=404, title=payload, detail=payload, evidence={payload: payload}
    )
    yield validated(source=payload, report=Report.from_dict(record.report), level=payload)
    yield validated(source=payload, error=Unreadable(payload, line=1))
    cell = {"type": "literal", "value": payload, "xml:lang": payload, "datatype": payload}
    outcome = SparqlOutcome("select", (payload,), ({payload: cell},))
    yield asked(outcome, query=payload)
    yield asked(SparqlOutcome("graph", graph=payload), error=Unreadable(payload))
    yield searched(payload, found=Found((), 0))
    plan = replace(PROPOSAL.plan, label=payload)
    notes = (Note(1, payload, NOW, payload),)
    yield proposal(replace(PROPOSAL, plan=plan, why=payload, by=payload, notes=notes), payload)
    yield proposed_terms([replace(LISTED[0], label=payload, by=payload, why=payload)], total=1)
    yield proposal_form({"prefLabel": [payload], "definition": [payload]}, payload)
    yield differing([replace(CHANGES[0], label=payload, before=payload, after=payload)])
    yield rendering.sign_in(FRAME, next=payload, error=payload, provider=payload, refused=payload)


@pytest.fixture(scope="module")
def harmless() -> list[dict[str, int]]:
    """How many elements of each name stand on those pages where nobody is hostile."""
    return [elements(Parsed(html)) for html in pages_with("harmless")]


def elements(found: Parsed) -> dict[str, int]:
    names = [node.tag.rpartition("}")[2] for node in found.all()]
    return {name: names.count(name) for name in set(names)}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_people_write_never_becomes_markup(
    payload: str, harmless: list[dict[str, int]]
) -> None:
    ours = {"br", "wbr", "p", "tspan", "text", "span", "a", "code", "td", "th"}
    for expected, html in zip(harmless, pages_with(payload), strict=True):
        found = Parsed(html)
        assert found.errors == []
        counted = elements(found)
        assert {name: n for name, n in counted.items() if name not in ours} == {
            name: n for name, n in expected.items() if name not in ours
        }
        attributes = {name for node in found.all() for name in node.attrib}
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
        assert not [href for href in found.hrefs() if href.lower().startswith("javascript:")]


@pytest.mark.parametrize("iri", EVIL_IRIS)
def test_only_web_addresses_become_links(iri: str) -> None:
    own = f"<{item_iri(ITEM)}#ana>"
    file = f"<{item_iri(ITEM)}#elsewhere>"
    record = record_of(
        f"{SUBJECT} <{DCT}relation> <{iri}>",
        f"{SUBJECT} <{DCT}license> <{iri}>",
        f"{SUBJECT} <{DCT}creator> {own}",
        f'{own} <{FOAF}name> "Ana"',
        f"{own} <https://schema.org/identifier> <{iri}>",
        f"{SUBJECT} <{DCAT}distribution> {file}",
        f"{file} <{DCAT}downloadURL> <{iri}>",
        f"{file} <{DCAT}accessURL> <{iri}>",
        f"{SUBJECT} <{DCAT}distribution> <{iri}>",
        f'{SUBJECT} <{DCAT}landingPage> "{iri}"^^<http://www.w3.org/2001/XMLSchema#anyURI>',
    )
    found = Parsed(item(record))
    assert not [href for href in found.hrefs() if href.lower().startswith(iri.lower())]
    assert iri in found.texts()


@pytest.mark.parametrize("iri", EVIL_IRIS)
def test_only_web_addresses_become_links_in_answers(iri: str) -> None:
    row = {"a": {"type": "uri", "value": iri}}
    found = Parsed(asked(SparqlOutcome("select", ("a",), (row,))))
    assert iri in found.texts()
    assert not [href for href in found.hrefs() if href.lower() == iri.lower()]


def test_a_notice_that_the_address_brings_is_one_of_ours() -> None:
    assert "Published." in item(_PLAIN, notice="published")
    assert "Send me your token" not in item(_PLAIN, notice="Send me your token")


# -- what an item's page says


def test_what_is_not_stated_is_said_where_the_value_would_be() -> None:
    said = Parsed(item(record_of(f"{SUBJECT} <{DCT}license> <{SAGE}notStated>")))
    absent = [node for node in said.all("span") if node.get("class") == "absent"]
    assert "not stated" in {node.text for node in absent}
    assert SAGE not in said.texts()


def test_a_requirement_shows_what_is_demanded_and_missing() -> None:
    need = f"<{item_iri(ITEM)}#need>"
    found = Parsed(
        item(
            record_of(
                f"{SUBJECT} <{SAGE}runtimeRequirement> {need}",
                f"{need} {TYPE} <{SAGE}RuntimeRequirement>",
                f"{need} <{SAGE}framework> <{VOCAB}framework/pytorch>",
            )
        )
    )
    table = next(node for node in found.all("table") if node.get("class") == "needs")
    cells = {row[0].text: "".join(row[1].itertext()) for row in table.iter("tr") if len(row) == 2}
    assert cells["Framework"] == "PyTorch"
    assert cells["Memory in bytes"] == "not stated"


def test_labels_help_and_order_come_from_the_shapes() -> None:
    found = Parsed(PAGES["item"][1]())
    labels = [node.text for node in found.all("dt")]
    names = [field.name for field in LIBRARY.fields("model")]
    shown = [label for label in labels if label in names]
    assert {"Task", "Intended use", "Creator"} <= set(shown)
    assert labels.index("Creator") < labels.index("Task") < labels.index("Intended use")


def test_a_term_is_named_and_leads_to_its_page_here() -> None:
    found = Parsed(
        item(record_of(f"{SUBJECT} <{SAGE}mlTask> <{VOCAB}ml-task/image-classification>"))
    )
    links = {node.get("href"): node.text for node in found.all("a")}
    assert links["/vocab/ml-task/image-classification"] == "Image classification"


def test_a_term_of_a_publisher_leads_to_its_page_here_too() -> None:
    found = Parsed(item(record_of(f"{SUBJECT} <{DCT}license> <https://spdx.org/licenses/MIT>")))
    links = {node.get("href"): node.text for node in found.all("a")}
    assert "/vocab/license?iri=https%3A%2F%2Fspdx.org%2Flicenses%2FMIT" in links


def variables(*said: str) -> str:
    """Return the page of an item with as many parts as there are units, "" for one without."""
    lines = []
    for number, unit in enumerate(said):
        part = f"<{item_iri(ITEM)}#v{number}>"
        lines += [f"{SUBJECT} <{SAGE}variable> {part}", f"{part} {TYPE} <{SAGE}Variable>"]
        lines.append(f'{part} <http://www.w3.org/2004/02/skos/core#notation> "n{number}"')
        lines += [f'{part} <http://qudt.org/schema/qudt/unit> "{unit}"'] if unit else []
    return item(record_of(*lines))


def test_several_parts_that_are_alike_stand_in_one_table() -> None:
    found = Parsed(variables("K", "Pa", ""))
    (table,) = found.all("table")
    rows = [["".join(cell.itertext()).strip() for cell in row] for row in table.iter("tr")]
    assert len(rows) == 4
    assert {frozenset(row) for row in rows[1:]} == {
        frozenset({"n0", "K"}),
        frozenset({"n1", "Pa"}),
        frozenset({"n2", "not stated"}),
    }
    assert {"v0", "v1", "v2"} <= {node.get("id") for node in found.all("tr")}
    assert [cell.tag for cell in next(iter(table.iter("tbody")))[0]] == ["th", "td"]


def test_two_parts_stand_as_lists() -> None:
    assert Parsed(variables("K", "Pa")).all("table") == []


def test_other_items_are_named_by_title_if_the_reader_may_see_them() -> None:
    line = f"{SUBJECT} <http://data.europa.eu/it6/trainedOn> <{item_iri('0123456789')}>"
    seen = Parsed(item(record_of(line)))
    assert {node.get("href"): node.text for node in seen.all("a")}[
        "/items/0123456789"
    ] == "unet_epoch81.pth"
    hidden = Parsed(item(record_of(line), names={}))
    assert "/items/0123456789" not in hidden.hrefs()
    assert "0123456789" in hidden.texts()


def test_parts_can_be_linked_to_by_their_names() -> None:
    found = Parsed(PAGES["item"][1]())
    assert {"gpu", "cpu", "in", "f1"} <= {node.get("id") for node in found.all()}


def test_a_part_named_like_a_section_takes_no_id_away() -> None:
    lines = []
    for name in sorted(IDS):
        part = f"<{item_iri(ITEM)}#{name}>"
        lines += [f"{SUBJECT} <{DCT}creator> {part}", f'{part} <{FOAF}name> "Named {name}"']
        lines.append(f'{part} <{FOAF}givenName> "G"')
    found = Parsed(item(record_of(*lines), may=frozenset(Action)))
    ids = [node.get("id") for node in found.all() if node.get("id")]
    assert len(ids) == len(set(ids))


def test_the_page_uses_no_id_of_its_own_that_is_not_kept_free() -> None:
    for name in ("item, draft", "item, blocked", "item, deprecated", *DATED):
        found = Parsed(PAGES[name][1]())
        own = {node.get("id") for node in found.all() if node.get("id")}
        description = (VALID / "common-rich.ttl").read_text()
        assert {one for one in own if f"#{one}>" not in description} - {
            "file/model.pth", "file/a/source%20record.json", "file/a%2Fsource%20record.json"
        } <= IDS  # fmt: skip


def test_parts_that_point_at_each_other_end() -> None:
    one, other = f"<{item_iri(ITEM)}#a>", f"<{item_iri(ITEM)}#b>"
    found = Parsed(
        item(
            record_of(
                f"{SUBJECT} <{DCT}relation> {one}",
                f"{one} <{DCT}relation> {other}",
                f"{other} <{DCT}relation> {one}",
                f"{other} <{DCT}relation> {other}",
            )
        )
    )
    assert found.errors == []


def test_files_are_told_apart_by_where_they_are() -> None:
    file = f"<{item_iri(ITEM)}#elsewhere>"
    found = Parsed(
        item(
            record_of(
                f"{SUBJECT} <{DCAT}distribution> {file}",
                f"{file} {TYPE} <{DCAT}Distribution>",
                f"{file} <{DCAT}downloadURL> <https://web.lcrc.anl.gov/x/data.tar>",
                files=FILES,
            )
        )
    )
    assert "2 here, 1 elsewhere" in found.texts()
    assert f"/items/{ITEM}/files/a/source%20record.json" in found.hrefs()
    assert "132 MB" in found.texts()
    assert FILES[0].sha256 in found.texts()
    assert "Elsewhere, at web.lcrc.anl.gov" in found.texts()
    assert "Checksum not stated" in found.texts()


@pytest.mark.parametrize(
    ("state", "forms"),
    [(State.DRAFT, {"publish", "upload", "delete"}), (State.PUBLISHED, {"withdraw", "begin"})],
)
def test_only_what_the_state_allows_is_offered(state: State, forms: set[str]) -> None:
    found = Parsed(item(replace(_PLAIN, state=state), may=frozenset(Action)))
    actions = {str(node.get("action")).rpartition("/")[2] for node in found.all("form")}
    assert actions == forms


def test_who_may_only_read_is_offered_nothing_and_told_no_findings() -> None:
    record = replace(_PLAIN, report=REPORT.to_dict())
    found = Parsed(item(record, may=frozenset({Action.READ})))
    assert found.all("form") == []
    assert "There is no such framework" not in found.texts()
    assert "There is no such framework" in Parsed(item(record, may=frozenset(Action))).texts()


def test_a_draft_with_violations_offers_no_publication() -> None:
    found = Parsed(PAGES["item, blocked"][1]())
    assert "publish" not in {str(n.get("action")).rpartition("/")[2] for n in found.all("form")}
    assert "Still missing" in found.texts()


def test_the_title_is_chosen_by_the_readers_language() -> None:
    record = record_of(f'{SUBJECT} <{DCT}title> "Nuages"@fr', f'{SUBJECT} <{DCT}title> "Clouds"@en')
    french = Parsed(item(record, frame=replace(FRAME, languages=("fr", "en"))))
    assert (french.all("h1")[0].text, french.all("h1")[0].get("lang")) == ("Nuages", "fr")
    assert Parsed(item(record)).all("h1")[0].text == "Clouds"


def test_every_operation_but_those_of_forms_is_documented() -> None:
    found = Parsed(PAGES["docs"][1]())
    heads = ["".join(node.itertext()) for node in found.all("h3")]
    assert heads == ["GET /items/{id}", "PUT /items/{id}"]


def test_what_cites_and_is_cited_stands_once() -> None:
    line = f"{SUBJECT} <http://data.europa.eu/it6/hasFile> <{item_iri('0123456789')}>"
    found = Parsed(item(record_of(line), cited_by=(NAMES["0123456789"],)))
    links = [node for node in found.all("a") if node.text == "unet_epoch81.pth"]
    drawn = [node for node in found.all("text") if node.text == "unet_epoch81.pth"]
    assert (len(links), len(drawn)) == (1, 2)  # the drawing has a wide form and a tall one


def test_a_catalog_below_a_path_links_below_it() -> None:
    frame = replace(FRAME, base="https://example.org/sage/", path="/sage/items")
    found = Parsed(
        rendering.items(
            frame, LIBRARY, page=Page(LINES, 3, None), filters={}, counts={}, cursor=None
        )
    )
    inside = [href for href in found.hrefs() if href.startswith("/")]
    assert all(href.startswith("/sage/") for href in inside)
    current = [node for node in found.all("a") if node.get("aria-current") == "page"]
    assert [node.get("href") for node in current] == ["/sage/items"]


def test_a_machine_that_is_not_sealed_says_so() -> None:
    assert "cannot seal" in item(_PLAIN, frame=replace(FRAME, sealed=False))
    assert "cannot seal" not in item(_PLAIN)


# -- other pages


def test_findings_stand_below_their_lines() -> None:
    found = Parsed(PAGES["validate, report"][1]())
    lines = [node for node in found.all("li") if (node.get("id") or "").startswith("l")]
    assert "There is no such framework." in "".join(lines[1].itertext())
    assert "The title has no language." in "".join(lines[0].itertext())
    assert "Nothing has a place here." not in "".join(lines[0].itertext())


def test_reading_that_stopped_is_shown_at_its_line() -> None:
    found = Parsed(PAGES["validate, error"][1]())
    stopped = next(node for node in found.all("li") if node.get("id") == "l2")
    assert "A dot is missing." in "".join(stopped.itertext())


def test_what_was_sent_is_shown_again_whole() -> None:
    source = '\n\n<> a <x> ;\n\t<p> "&amp; </textarea>" .\n'
    area = Parsed(validated(source=source)).all("textarea")[0]
    assert area.text == source


def test_every_error_has_a_page_that_explains_it() -> None:
    for error in every_error():
        found = Parsed(rendering.problem_type(FRAME, error=error))
        assert found.all("h1")[0].text == error.title


def test_every_scheme_and_shape_has_a_page() -> None:
    for name in LIBRARY.vocabularies.names:
        assert "<h1>" in vocabulary(name)
    for name in LIBRARY.item_types:
        assert "<h1>" in rendering.shape(FRAME, LIBRARY, name)


def test_a_scheme_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        vocabulary("nothing")


def test_terms_are_found_by_the_spellings_in_use() -> None:
    found = Parsed(searched("PYTORCH"))
    first = next(node for node in found.all("h3")[0].iter("a"))
    assert first.get("href") == "/vocab/framework/pytorch"


def test_a_concept_shows_where_it_stands() -> None:
    found = Parsed(PAGES["concept"][1]())
    crumbs = next(node for node in found.all("nav") if node.get("class") == "crumbs")
    assert [node.text for node in crumbs.iter("a")][:2] == ["Vocabularies", "Measurements"]


def test_rows_are_linked_to_pages_here_and_unbound_is_said() -> None:
    found = Parsed(PAGES["sparql, rows"][1]())
    links = {node.text: node.get("href") for node in found.all("a")}
    assert links[f"items/{ITEM}"] == f"/items/{ITEM}"
    assert links["framework:pytorch"] == "/vocab/framework/pytorch"
    assert "unbound" in found.texts()


def test_the_stylesheet_asks_no_other_host_and_no_font() -> None:
    folder = Path(rendering.__file__).parent / "static"
    text = "".join(file.read_text() for file in folder.glob("*.*s"))
    assert not re.search(r"url\(|@import|@font-face|https?://", text)


def test_every_class_that_a_template_uses_is_in_the_stylesheet() -> None:
    folder = Path(rendering.__file__).parent
    styled = set(re.findall(r"\.([a-z][\w-]*)", (folder / "static" / "catalog.css").read_text()))
    for html in (make() for _, make in PAGES.values()):
        used = {name for node in Parsed(html).all() for name in node.get("class", "").split()}
        assert used <= styled, used - styled
