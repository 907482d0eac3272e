"""Pages: every function takes what a view found out and returns a complete HTML document.

The templates are compiled once and know no request; whatever a page shows comes in as arguments.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.frame import Frame
from api.landing import Landing, tally
from api.listing import address, counts, filters_on, lines, states
from api.naming import compact, naming
from api.values import Value, day, size
from catalog.domain.permissions import Action
from catalog.domain.record import ItemLine, ItemName, ItemRecord, Page
from catalog.domain.report import Report
from catalog.library import Library

__all__ = ["ExampleQuery", "Frame", "SparqlOutcome"]


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """A query to begin with; `question` says in a sentence what it asks."""

    slug: str
    title: str
    question: str
    query: str


@dataclass(frozen=True, slots=True)
class SparqlOutcome:
    """What a query answered.

    kind       select, ask or graph
    variables  of a select, in order
    rows       of a select: variable to term, as SPARQL JSON results spell terms
    boolean    of an ask
    graph      of the others: Turtle
    seconds    how long the answer took
    """

    kind: str
    variables: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Mapping[str, str]], ...] = ()
    boolean: bool | None = None
    graph: str = ""
    seconds: float = 0.0


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
        "timestamp": _timestamp,
        "size": size,
        "compact": compact,
        "counted": _counted,
        "short": _are_short,
    }
    made.globals["static_version"] = _static_version()
    return made


_ENVIRONMENT: Final = _environment()


def _page(template: str, frame: Frame, **content: Any) -> str:
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
    return _page(
        "index.html",
        frame,
        total=sum(counts.values()),
        by_type=_counts(frame, words, counts, {}),
        newest=lines(frame, words, newest),
        examples=examples,
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
    return _page(
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
) -> str:
    """Return the page of one version of an item.

    names     id to name of the items that it cites and the caller may see
    cited_by  the items that cite it, as far as the caller may see them
    may       what the caller may do to it
    notice    what was just done, as a word that `NOTICES` knows; anything else shows nothing,
              since the word comes by the address
    """
    found = Landing(frame, library, record, names, cited_by, may)
    return _page("item.html", frame, it=found, notice=NOTICES.get(notice or ""))


NOTICES: Final[Mapping[str, str]] = {
    "submitted": "Kept as a draft. Nobody but you sees it until it is published.",
    "published": "Published. Its address stays, and queries see it within seconds.",
    "uploaded": "The file is kept.",
    "removed": "The file is gone.",
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
    return _page(
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
