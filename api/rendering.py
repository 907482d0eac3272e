"""Pages: every function takes what a view found out and returns a complete HTML document.

The templates are compiled once and know no request; whatever a page shows comes in as arguments.
"""

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from api import asking
from api.asking import ExampleQuery, SparqlOutcome
from api.browsing import field_groups, ontology_terms, types_of_items
from api.documenting import chapters
from api.form_findings import Findings, plain
from api.form_statements import written
from api.form_tree import Node
from api.form_view import FormView, Sending
from api.form_words import Words
from api.frame import Frame
from api.head import Head
from api.judging import placeless, source_lines, tally, verdict
from api.known_bytes import Known
from api.landing import FORMS, Chosen, Landing
from api.listing import Line, address, counts, filters_on, lines, states
from api.naming import Naming, Word, compact, naming
from api.preview import Preview
from api.reference_rendering import looked_up_view, moved_lines
from api.values import Value, day, moment_in_words, size, table
from catalog.domain.errors import CatalogError
from catalog.domain.identifiers import SAGE, SHAPES, quoted
from catalog.domain.importing.formats import READ
from catalog.domain.messages import LONGEST_TEXT, SHORTEST_TEXT, Inbox
from catalog.domain.parsing import FORMATS
from catalog.domain.permissions import Action
from catalog.domain.record import FileRecord, ItemLine, ItemName, ItemRecord, Page
from catalog.domain.report import LEVELS, Report
from catalog.library import Library
from catalog.services.check_references import Moved
from catalog.services.dates import Dated
from catalog.services.find import Mine
from catalog.services.lineage import Lineage
from catalog.services.look_up_reference import LookedUp
from catalog.services.ownership import OfferToMe
from catalog.services.quotas import Usage
from catalog.services.soundness import DamagedFile


def _counted(number: int, name: str) -> str:
    """Return a number of things: `1 item`, `1,200 items`, `no items`."""
    if number == 1:
        return f"1 {name}"
    plural = name.replace("piece ", "pieces ") if " of " in name else f"{name}s"
    return f"{number:,} {plural}" if number else f"No {plural}"


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _are_short(values: Iterable[Value]) -> bool:
    """Tell whether values fit into one line, one after the other."""
    return all(
        value.kind == "term" or (len(value.text) <= 40 and not value.rows and not value.note)
        for value in values
    )


def _pieces(text: str) -> list[str]:
    """Return an address cut where a line may end: after its slashes and before its query."""
    return [piece for piece in _PIECE.findall(text) if piece]


_PIECE: Final = re.compile(r"[?#]?[^/?#]*/*")


def _static_version() -> str:
    """Return a word that changes with the stylesheet or script, so that no old one is shown."""
    digest = sha256()
    for file in sorted(files("api").joinpath("static").iterdir(), key=lambda entry: entry.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("api"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    made.filters |= {
        "day": day,
        "moment_in_words": moment_in_words,
        "timestamp": _timestamp,
        "size": size,
        "compact": compact,
        "counted": _counted,
        "pieces": _pieces,
        "short": _are_short,
        "table": table,
    }
    made.globals["static_version"] = _static_version()
    return made


_ENVIRONMENT: Final = _environment()


def page_of(template: str, frame: Frame, **content: Any) -> str:
    return _ENVIRONMENT.get_template(template).render(page=frame, root=frame.root, **content)


def index(
    frame: Frame,
    library: Library,
    *,
    counts: Mapping[str, int],
    newest: Sequence[ItemLine],
    examples: Sequence[ExampleQuery],
) -> str:
    """Return the front page.

    counts    item type to the number of public items of just that type
    newest    the public items to show, newest first
    examples  the queries to show
    """
    words = naming(library, frame)
    return page_of(
        "index.html",
        frame,
        total=sum(counts.values()),
        by_type=_counts(frame, words, counts, {}),
        newest=lines(frame, words, newest),
        examples=examples,
        vocabularies=len(library.vocabularies.names),
    )


_counts = counts


def items(
    frame: Frame,
    library: Library,
    *,
    page: Page,
    filters: Mapping[str, str],
    counts: Mapping[str, int],
    cursor: str | None,
) -> str:
    """Return a page of the list of items.

    filters  the filters that are on: `type`, `state`, `owner`
    counts   item type to the number of items that the caller may list
    cursor   where this page begins, None for the first
    """
    words = naming(library, frame)
    chosen = filters.get("type", "")
    return page_of(
        "items.html",
        frame,
        heading=words.of_type(chosen) if chosen else "Items",
        meaning=words.meaning_of_type(chosen) if chosen else "",
        lines=lines(frame, words, page.lines),
        total=page.total,
        filters=filters_on(frame, words, filters),
        by_type=_counts(frame, words, counts, filters),
        states=states(frame, words, filters) if frame.account else (),
        is_continued=cursor is not None,
        first=address(frame, filters),
        next=address(frame, {**filters, "cursor": page.next}) if page.next else None,
        as_json=address(frame, filters),
    )


def item(
    frame: Frame,
    library: Library,
    *,
    record: ItemRecord,
    names: Mapping[str, ItemName],
    cited_by: Sequence[ItemName] = (),
    may: frozenset[Action] = frozenset(),
    notice: str | None = None,
    head: Head | None = None,
    lineage: Lineage | None = None,
    preview: tuple[str, Preview] | None = None,
    chosen: Chosen | None = None,
    shared: int | None = None,
    known: Known | None = None,
) -> str:
    """Return the page of one version of an item.

    names     id to name of the items that it cites and the caller may see
    cited_by  the items that cite it, as far as the caller may see them
    may       what the caller may do to it
    notice    what was just done, as a word that `NOTICES` knows; anything else shows nothing,
              since the word comes by the address
    head      what it says to machines; nothing without
    lineage   what is two steps away from it; nothing without
    preview   the beginning of one of its files, with the name of the file
    chosen    what was filled into the form about who may see it, where that was refused
    shared    with how many it is shared, None where the reader may not know
    known     what it shares with other items; nothing for whoever may not change it
    """
    further = lineage or Lineage()
    found = Landing(frame, library, record, names, cited_by, may, further, preview, chosen)
    said = NOTICES.get(notice or "")
    told = {"notice": said, "head": head or Head(()), "shared": shared, "known": known}
    return page_of("item.html", frame, it=found, **told)


NOTICES: Final[Mapping[str, str]] = {
    "submitted": "Kept as a draft. Nobody but you sees it until it is published.",
    "published": "Published. From now on its address stays.",
    "shown": "Changed. From now on those see it whom you chose.",
    "saved": "Saved.",
    "uploaded": "The file is kept.",
    "deleted": "The draft is deleted.",
    "removed": "The file is gone.",
    "begun": "A draft of the next version. What is published stays until this is published.",
    "restored": "Restored, as a new revision.",
    "looked": "The references were looked at.",
    "reported": "Thank you. The owner of this item has your message.",
    "accepted": "Accepted. It is yours from now on.",
    "declined": "Declined. It stays whose it was.",
    "given": "It has another owner now.",
}
"""What a page may say about what was just done, by the word that stands in its address."""


def problem(
    frame: Frame,
    *,
    status: int,
    title: str,
    detail: str,
    evidence: Mapping[str, Any],
    slug: str | None = None,
) -> str:
    """Return the page of an error; a report among the evidence is shown.

    slug  the name of the page that explains this kind of error, if there is one
    """
    report = evidence.get("report")
    return page_of(
        "problem.html",
        frame,
        status=status,
        heading=title,
        detail=detail,
        slug=slug,
        report=Report.from_dict(report) if report else None,
        tally=tally(Report.from_dict(report)) if report else (),
        evidence={
            name: value
            for name, value in evidence.items()
            if isinstance(value, str | int) and name not in {"report"}
        },
    )


def problem_type(frame: Frame, *, error: type[CatalogError]) -> str:
    """Return the page that explains a kind of error."""
    parent = error.__mro__[1]
    return page_of(
        "problem_type.html",
        frame,
        error=error,
        meaning=_first_paragraphs(error.__doc__ or ""),
        below=error.__subclasses__(),
        above=parent if issubclass(parent, CatalogError) else None,
    )


def _first_paragraphs(text: str) -> tuple[str, ...]:
    """Return the prose of a docstring, without its table of arguments."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return tuple(" ".join(one.split()) for one in paragraphs if "  " not in one.strip())


def tombstone(
    frame: Frame,
    library: Library,
    *,
    record: ItemRecord,
    names: Mapping[str, ItemName] | None = None,
) -> str:
    """Return what is left of a withdrawn item: what it was, when and why it went, and instead.

    names  id to name of what replaces it; without it the replacement is named by its id
    """
    return page_of("tombstone.html", frame, it=Landing(frame, library, record, names or {}))


def citation(frame: Frame, library: Library, record: ItemRecord) -> str:
    """Return how a version is cited, as one line of text."""
    return str(Landing(frame, library, record, {}).citation)


def sparql(
    frame: Frame,
    *,
    query: str,
    examples: Sequence[ExampleQuery],
    outcome: SparqlOutcome | None = None,
    error: CatalogError | None = None,
) -> str:
    """Return the page to ask from, with what the query answered or why it was refused."""
    return page_of(
        "sparql.html",
        frame,
        query=query or (examples[0].query if examples else ""),
        examples=examples,
        result=asking.result(frame, query, outcome) if outcome else None,
        error=error,
        programs=asking.programs(frame),
    )


_PASTED = (("application/yaml", "YAML"), ("text/markdown", "Markdown with YAML"))
"""What may be pasted beside the forms that items are offered in."""


def validate(
    frame: Frame,
    library: Library,
    *,
    source: str,
    media_type: str,
    level: str,
    item_type: str | None,
    report: Report | None,
    error: CatalogError | None,
) -> str:
    """Return the page to validate on: the form, and the report at the lines of what was sent.

    source      what was sent, shown again
    item_type   the type that it was said to be, None for the one that it says itself
    report      what validation found, None before anything was sent
    error       why it could not be validated, None if it could
    """
    words = naming(library, frame)
    return page_of(
        "validate.html",
        frame,
        source=source,
        media_type=media_type,
        media_types=[
            *((kind, name) for _, name, kind in FORMS if kind in FORMATS or kind in READ),
            *_PASTED,
        ],
        level=level,
        levels=[(one, one.capitalize()) for one in reversed(LEVELS)],
        item_type=item_type or "",
        item_types=[(name, word.label) for name, word, _ in types_of_items(words)],
        report=report,
        tally=tally(report),
        verdict=verdict(report) if report else None,
        by_line=source_lines(source, report, error),
        placeless=placeless(report) if report else (),
        error=error,
    )


def shapes(frame: Frame, library: Library) -> str:
    """Return the list of item types, whose shapes say which facts each is asked for."""
    words = naming(library, frame)
    listed = [
        (name, word, narrower, sum(one.required is not None for one in words.fields(name)))
        for name, word, narrower in types_of_items(words)
    ]
    return page_of("shapes.html", frame, types=listed, version=library.version)


def shape(frame: Frame, library: Library, item_type: str) -> str:
    """Return the fields of an item type: what each means, what may stand there, when it must."""
    words = naming(library, frame)
    return page_of(
        "shape.html",
        frame,
        item_type=item_type,
        word=Word(words.of_type(item_type), words.meaning_of_type(item_type)),
        groups=field_groups(words, item_type),
        iri=f"{SHAPES}{item_type}",
        deciding=library.shapes.item_types.get(item_type, ""),
    )


def ontology(frame: Frame, library: Library) -> str:
    """Return the classes and properties of Sage's own."""
    classes, properties = ontology_terms(naming(library, frame))
    return page_of("ontology.html", frame, classes=classes, properties=properties, iri=SAGE)


def sign_in(
    frame: Frame,
    *,
    next: str,  # noqa: A002
    error: str | None,
    provider: str = "",
    refused: str | None = None,
    is_out: bool = False,
    exit: str | None = None,  # noqa: A002
    takes_sage: bool = False,
) -> str:
    """Return the page to sign in: at a provider of identities if there is one, and with a token.

    next      the path to go to afterwards
    error     why the token was refused, None at first
    provider  what the provider is called; empty where there is none
    refused   why signing in there did not work, None at first
    is_out    whether somebody has just signed out here
    exit      the address where one signs out of the provider, None where it is not known
    takes_sage  whether tokens of Sage are taken as well
    """
    return page_of(
        "sign_in.html",
        frame,
        next=next,
        error=error,
        provider=provider,
        refused=refused,
        is_out=is_out,
        exit=exit,
        takes_sage=takes_sage,
    )


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft of one's own, with what keeps it from being published.

    number    how many findings block it
    blocking  the first of them
    """

    id: str
    title: str
    type_label: str
    modified: datetime
    number: int
    blocking: tuple[str, ...]


def _draft(words: Naming, record: ItemRecord) -> DraftLine:
    found = Report.from_dict(record.report).findings if record.report else ()
    blocking = [plain(words, one.message) for one in found if one.severity == "violation"]
    return DraftLine(
        id=record.id,
        title=record.title,
        type_label=words.of_type(record.type),
        modified=record.modified,
        number=len(blocking),
        blocking=tuple(blocking[:_BLOCKING_SHOWN]),
    )


_BLOCKING_SHOWN: Final = 3

_NOTHING: Final = Page((), 0, None)


@dataclass(frozen=True, slots=True)
class Apart:
    """Items that concern somebody without being theirs alone: the first, and how many there are.

    name  how the list of all is asked for
    """

    name: str
    heading: str
    lines: Sequence[Line]
    total: int


def me(
    frame: Frame,
    library: Library,
    *,
    account: str,
    role: str,
    page: Page,
    drafts: Sequence[ItemRecord] = (),
    drafts_total: int = 0,
    dated: Sequence[Dated] = (),
    reports_open: int = 0,
    requests_to_decide: int = 0,
    requests_made: int = 0,
    offers: Sequence[OfferToMe] = (),
    of_groups: Page = _NOTHING,
    shared: Page = _NOTHING,
    shared_with: Mapping[str, int] | None = None,
    moved: tuple[Sequence[Moved], int] = ((), 0),
    damaged: tuple[Sequence[DamagedFile], int] = ((), 0),
    usage: Usage | None = None,
) -> str:
    """Return the page of who is signed in: the items that are theirs, and the way out.

    drafts        their drafts that were changed last, each with its report
    drafts_total  how many drafts they have
    dated         those of their items to which something happens on a date
    reports_open  how many reports of readers wait for them
    offers        items that others would give them
    of_groups     the first of the items that groups of theirs own
    shared        the first of the items that others share with them
    shared_with   id of a draft to with how many it is shared
    moved         some of the references that are no longer as described, and how many there are
    damaged       some of the files whose bytes are not those that were kept, and how many there are
    usage         what their items keep, and may keep

    requests_to_decide, requests_made  how many requests for closed files wait for their decision,
                                       and how many they made themselves
    """
    words = naming(library, frame)
    done = dict(parse_qsl(frame.path.partition("?")[2])).get("done", "")
    return page_of(
        "me.html",
        frame,
        account=account,
        role=role,
        drafts=[_draft(words, record) for record in drafts],
        drafts_total=drafts_total,
        dated=dated,
        reports_open=reports_open,
        requests_to_decide=requests_to_decide,
        requests_made=requests_made,
        offers=[(one, words.of_type(one.type)) for one in offers],
        apart=[
            Apart(name, heading, lines(frame, words, found.lines), found.total)
            for name, heading, found in (
                (Mine.GROUPS, "Owned by your groups", of_groups),
                (Mine.SHARED, "Shared with you", shared),
            )
            if found.total
        ],
        shared_with=shared_with or {},
        moved=moved_lines(frame, words, moved[0]),
        moved_total=moved[1],
        damaged=damaged[0],
        damaged_total=damaged[1],
        usage=usage,
        lines=lines(frame, words, page.lines),
        total=page.total,
        next=f"{frame.root}me?{urlencode({'cursor': page.next})}" if page.next else None,
        notice=NOTICES.get(done),
    )


def preview(
    frame: Frame,
    library: Library,
    *,
    record: ItemRecord,
    file: FileRecord,
    shown: Preview,
    n: int | None = None,
) -> str:
    """Return the page that shows the beginning of a file.

    n  the version that was asked for, None for the newest
    """
    here = f"{frame.root}items/{record.id}" + (f"/v/{n}" if n is not None else "")
    return page_of(
        "preview.html",
        frame,
        title=Landing(frame, library, record, {}).title,
        item_href=here,
        href=f"{here}/files/{quoted(file.name)}",
        file=file,
        shown=shown,
    )


def report(
    frame: Frame,
    library: Library,
    *,
    record: ItemRecord,
    text: str = "",
    reply_to: str = "",
    error: CatalogError | None = None,
) -> str:
    """Return the form to tell the owner of an item that something is wrong with it.

    text, reply_to  what was typed, shown again
    error           why it was not taken, None at first
    """
    here = f"{frame.root}items/{record.id}"
    return page_of(
        "report.html",
        frame,
        title=Landing(frame, library, record, {}).title,
        href=here,
        action=f"{here}/report",
        n=record.version,
        text=text,
        reply_to=reply_to,
        error=error,
        at_field=error.evidence.get("field", "") if error else "",
        shortest=SHORTEST_TEXT,
        longest=LONGEST_TEXT,
    )


def reports(frame: Frame, *, found: Inbox, only_open: bool) -> str:
    """Return the inbox: a page of what readers reported.

    only_open  whether those that are done are left out
    """
    asked = {"cursor": found.next or ""} | ({"open": "true"} if only_open else {})
    more = f"{frame.root}me/reports?{urlencode(asked)}" if found.next else None
    return page_of("reports.html", frame, found=found, only_open=only_open, next=more)


def query(**asked: str) -> str:
    """Return parameters as an address carries them."""
    return urlencode(asked)


def new(
    frame: Frame,
    library: Library,
    *,
    address: str = "",
    looked: LookedUp | None = None,
    fault: str | None = None,
) -> str:
    """Return the list of item types, to choose the one to describe.

    address  where something lies that is to be described, as it was given
    looked   what was found there
    fault    why nobody looked
    """
    words = naming(library, frame)
    return page_of(
        "new.html",
        frame,
        types=types_of_items(words),
        address=address,
        asked=f"?{urlencode({'address': address})}" if looked else "",
        looked=looked_up_view(frame, words, looked) if looked else None,
        fault=fault,
    )


def form(
    frame: Frame,
    words: Words,
    *,
    item_type: str,
    tree: Node,
    found: Findings,
    sending: Sending,
    items: Mapping[str, Sequence[ItemLine]] | None = None,
    known: Known | None = None,
) -> str:
    """Return the form for an item.

    items    item type to the items that may be named where one of that type is asked for
    known    what other items name already of what stands in it
    tree     what stands in it
    found    what validation found, at its controls
    sending  where it is sent, and what happened to it so far
    """
    shown = FormView(frame, words.naming, words, item_type, tree, found, sending, items or {})
    absent = words.naming.of_term(f"{SAGE}notStated")
    said = {"kept": written(sending.kept), "absent": absent, "known": known}
    return page_of("form.html", frame, it=shown, **said)


def docs(frame: Frame, *, document: Mapping[str, Any]) -> str:
    """Return the documentation of the interface.

    document  the OpenAPI document, as `/openapi.json` answers it
    """
    found = chapters(document)
    total = sum(len(chapter.operations) for chapter in found)
    return page_of("docs.html", frame, chapters=found, total=total)
