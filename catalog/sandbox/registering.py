"""What the registrar does when a DOI is written, and what it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog.kernel4 import NAMESPACE, Unreadable
from catalog.sandbox.attributes import METADATA, kernel_of, read_from, taken
from catalog.sandbox.checks import found_wrong, is_doi
from catalog.sandbox.refusals import invalid, not_a_draft, not_authorized, not_found
from catalog.sandbox.repositories import Repository
from catalog.sandbox.states import DRAFT, state_after
from catalog.sandbox.store import Kept, Store
from catalog.sandbox.suffixes import drawn

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was sent about a DOI.

    document  the XML or JSON within, where it alone describes
    """

    attributes: dict[str, Any]
    document: bytes | None


def create(store: Store, by: Repository, sent: Object) -> Kept:
    """Register a new DOI, named by `doi`, or drawn where only `prefix` is said.

    Raises Refused: 403 where the prefix is another's, 422 where it exists or is not as it must be.
    """
    said = sent.get("doi")
    with store.changing():
        if isinstance(said, str) and said:
            doi = normal(said)
            _may_mint(by, doi)
            if store.find(doi) is not None:
                raise invalid([("doi", "This DOI has already been taken")], doi)
        else:
            doi = _drawn(store, by, sent.get("prefix"))
        return _create(store, by, doi, sent)


def write(store: Store, by: Repository, doi: str, sent: Object) -> tuple[Kept, bool]:
    """Change a DOI, attribute by attribute, or create it; return it and whether it is new.

    Raises Refused: 403 where it, or its prefix, is another's, 404 where the name is none at all,
    422 where it is not as it must be; then nothing has changed.
    """
    with store.changing():
        before = store.find(normal(doi))
        if before is not None:
            return _change(store, by, before, sent), False
        if not normal(doi).startswith("10.") or "/" not in doi:
            raise not_found()
        _may_mint(by, normal(doi))
        return _create(store, by, normal(doi), sent), True


def delete(store: Store, by: Repository, doi: str) -> None:
    """Delete a draft. Raises Refused: 403 another's, 404 not there, 405 no draft any more."""
    with store.changing():
        kept = store.find(normal(doi))
        if kept is None:
            raise not_found()
        if kept.repository != by.uid:
            raise not_authorized()
        if kept.state != DRAFT:
            raise not_a_draft()
        store.forget(kept.doi)


def validated(by: Repository, sent: Object) -> Kept:
    """Return a DOI as it would be, without keeping it. Raises Refused with what is wrong."""
    said = sent.get("doi")
    doi = normal(said) if isinstance(said, str) else ""
    content = _read(doi, sent)
    kept = Kept(doi, by.uid, DRAFT, content.attributes)
    faults = found_wrong(doi, kept.attributes, by, document=content.document, has_url=False)
    if faults:
        raise invalid(faults, doi)
    return kept


def normal(doi: str) -> str:
    """Return a DOI as the registrar keeps it: bare, and in small letters."""
    bare = doi.strip().lower()
    for before in ("https://", "http://", "dx.", "doi.org/", "doi:"):
        bare = bare.removeprefix(before)
    return bare


def _create(store: Store, by: Repository, doi: str, sent: Object) -> Kept:
    if not is_doi(doi):
        raise invalid([("doi", "Is invalid")], doi)
    content = _read(doi, sent)
    state = state_after(DRAFT, sent.get("event"))
    return _keep(store, by, Kept(doi, by.uid, state, content.attributes), content)


def _change(store: Store, by: Repository, before: Kept, sent: Object) -> Kept:
    if before.repository != by.uid:
        raise not_authorized()
    content = _read(before.doi, sent)
    attributes = before.attributes | content.attributes
    # On a change DataCite takes the newest schema where none is named, so its faults are told.
    attributes["schemaVersion"] = attributes.get("schemaVersion") or NAMESPACE
    state = state_after(before.state, sent.get("event"))
    return _keep(store, by, replace(before, state=state, attributes=attributes), content)


def _keep(store: Store, by: Repository, kept: Kept, content: _Sent) -> Kept:
    if kept.state != DRAFT:
        faults = found_wrong(kept.doi, kept.attributes, by, document=content.document)
        if faults:
            raise invalid(faults, kept.doi)
    return store.keep(kept, by.uid)


def _read(doi: str, sent: Object) -> _Sent:
    """Return what was sent; what a document says gives way to what stands beside it."""
    said = taken(sent)
    try:
        document = read_from(sent)
    except Unreadable:
        raise invalid([("xml", "Is invalid")], doi) from None
    if document is None:
        return _Sent(said, None)
    content, within = document
    kernel = {"schemaVersion": kernel_of(content)}
    beside = {name: value for name, value in said.items() if value not in (None, {})}
    alone = not any(name in METADATA for name in beside)
    is_xml = not content.lstrip().startswith(b"{")
    return _Sent(kernel | within | beside, content if alone and is_xml else None)


def _may_mint(by: Repository, doi: str) -> None:
    if not by.may_mint(doi):
        raise not_authorized()


def _drawn(store: Store, by: Repository, prefix: Any) -> str:
    if not isinstance(prefix, str) or not prefix:
        raise invalid([("doi", "Can't be blank")], None)
    _may_mint(by, prefix)
    doi = f"{prefix}/{drawn()}"
    return doi if store.find(doi) is None else _drawn(store, by, prefix)
