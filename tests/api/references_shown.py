"""Pages about bytes elsewhere, with everything that they can show and with what is hostile."""

from collections.abc import Callable
from dataclasses import replace

from api import rendering
from api.frame import Frame
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Action
from catalog.domain.record import ItemRecord, Page, ReferenceRecord
from catalog.domain.references.addresses import Kind
from catalog.domain.references.asking import Facts, Found, Presence
from catalog.domain.references.drift import ReferenceState
from catalog.library import Library
from catalog.services.check_references import Moved
from catalog.services.look_up_reference import LookedUp
from catalog.services.validate import NOBODY
from tests.catalogs import now

_SKY = "https://web.lcrc.anl.gov/public/waggle/sky.tar"
_DCAT = "http://www.w3.org/ns/dcat#"
_NEVER = {ReferenceState.UNKNOWN}


def pages_of_references(
    frame: Frame, library: Library, plain: ItemRecord
) -> dict[str, tuple[str, Callable[[], str]]]:
    """Return each page: what it is called, its template, and what renders it."""
    item = f"<{item_iri(NOBODY)}"
    found = LookedUp(
        _SKY,
        Kind.FILE,
        Found(Presence.THERE, Facts(_SKY)),
        "training-data",
        statements=(
            (f"{item}>", "<http://purl.org/dc/terms/title>", '"<b>Sky"@en'),
            (f"{item}>", f"<{_DCAT}distribution>", f"{item}#copy>"),
            (f"{item}#copy>", f"<{_DCAT}downloadURL>", f"<{_SKY}>"),
        ),
    )
    silent = replace(found, found=Found(Presence.UNREACHABLE, detail="<i>It does not answer."))
    return {
        "new, looked up": (
            "new.html",
            lambda: rendering.new(frame, library, address=_SKY, looked=found),
        ),
        "new, silent": (
            "new.html",
            lambda: rendering.new(frame, library, address="x<", looked=replace(silent, type="")),
        ),
        "new, refused": (
            "new.html",
            lambda: rendering.new(frame, library, address="x<", fault="This is <b>no address."),
        ),
        "me, moved": (
            "me.html",
            lambda: rendering.me(
                frame,
                library,
                account="local",
                role="member",
                page=Page((), 0, None),
                moved=([_moved(state) for state in ReferenceState], 9),
            ),
        ),
        "item with references": ("item.html", lambda: _item(frame, library, plain)),
    }


def _moved(state: ReferenceState) -> Moved:
    return Moved(NOBODY, 1, "Sky <b>", _SKY, state, "<i>It is gone.", now())


def _item(frame: Frame, library: Library, plain: ItemRecord) -> str:
    """Return the page of an item with a reference in each state, and one of its own."""
    item = f"<{item_iri(plain.id)}"
    lines, references = [], [_reference("", ReferenceState.DRIFTED)]
    for state in ReferenceState:
        part = f"{item}#{state.value}>"
        lines += [
            f"{item}> <{_DCAT}distribution> {part} .\n",
            f"{part} <{_DCAT}downloadURL> <{_SKY}?{state.value}> .\n",
        ]
        references.append(_reference(state.value, state))
    kind = "<http://data.europa.eu/it6/MachineLearningModel>"
    lines.append(f"{item}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> {kind} .\n")
    record = replace(plain, ntriples="".join(sorted(lines)), references=tuple(references))
    may = frozenset({Action.READ_FILE, Action.WRITE})
    return rendering.item(frame, library, record=record, names={}, may=may)


def _reference(part: str, state: ReferenceState) -> ReferenceRecord:
    looked = None if state in _NEVER else now()
    return ReferenceRecord(part, _SKY, "file", state, now(), looked, "size was <b>, is 5")
