"""`sage-catalog doi preview`: what would be registered of an item, and why that would be refused.

A file is looked at here, without a server, as `validate` does; an id is asked of a server.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.cli.output import BLOCKED, GOOD, Output, WrongUse
from catalog.cli.reading import read_source
from catalog.cli.remote import client_of, declare_server
from catalog.domain.identifiers import is_id

if TYPE_CHECKING:
    from catalog.domain.exporting.datacite_faults import Fault
    from catalog.domain.exporting.exported import Exported
    from catalog.domain.report import Report
    from catalog.domain.validation import Judgement

_NOBODY = "0000000000"
"""The id that stands in for the one that an item gets once it is kept."""


@dataclass(frozen=True, slots=True)
class _Preview:
    """What is to be shown: the attributes, how one will cite it, and what is in the way."""

    attributes: dict[str, Any]
    citation: str
    faults: "tuple[Fault, ...]"
    is_draft: bool = False


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("source", metavar="FILE|ID", help="a description, or an item of a server")
    parser.add_argument("--xml", action="store_true", help="the XML of DataCite's kernel 4.7")
    parser.add_argument("--type", dest="media_type", help="media type of the description")
    declare_server(parser)


def run(said: argparse.Namespace, output: Output) -> int:
    """Show what would be registered; BLOCKED where the registrar would refuse it."""
    is_item = is_id(said.source) and not Path(said.source).exists()
    shown = _of_item(said) if is_item else _of_file(said, output)
    if shown is None:
        return BLOCKED
    xml = _xml(shown.attributes)
    result = {
        "attributes": shown.attributes,
        "citation": shown.citation,
        "faults": [
            {"source": one.source, "property": one.property, "title": one.title}
            for one in shown.faults
        ],
    }
    text = xml if said.xml else json.dumps(shown.attributes, ensure_ascii=False, indent=2)
    output.result(result | ({"xml": xml} if said.xml else {}), text)
    if not output.as_json:
        _tell(shown, output)
    return BLOCKED if shown.faults else GOOD


def _tell(shown: _Preview, output: Output) -> None:
    output.say(f"Cited as: {shown.citation}")
    if shown.is_draft:
        output.say("The id in it stands in for the one that the item gets once it is kept.")
    for fault in shown.faults:
        output.say(f"  ✗ {fault.title}")
    if not shown.faults:
        output.say("DataCite's schema 4.7 finds nothing wrong with it.")


def _xml(attributes: dict[str, Any]) -> str:
    from catalog import kernel4

    return kernel4.to_xml(attributes).decode()


# ---- an item of a server


def _of_item(said: argparse.Namespace) -> _Preview:
    """Return what the server would tell the registrar."""
    from catalog import kernel4
    from catalog.domain.exporting.datacite_faults import in_words
    from catalog.library import library

    client = client_of(said)
    item = client.item(said.source).said
    attributes: dict[str, Any] = json.loads(client.exported(said.source, "datacite.json"))
    citation = client.exported(said.source, "citation.txt").decode().strip()
    # What has no DOI yet is judged as if it had one: that is not the owner's to fix.
    found = kernel4.faults({"doi": item["id"]} | attributes)
    faults = (in_words(one, library().shapes, item["type"]) for one in found)
    return _Preview(attributes, citation, tuple(faults))


# ---- a description in a file


def _of_file(said: argparse.Namespace, output: Output) -> _Preview | None:
    """Return what would be registered; None, and why in words, for what could not even be kept."""
    from catalog.domain.exporting.citations import cited, datacite_style
    from catalog.domain.exporting.datacite import attributes, registration_faults
    from catalog.domain.importing.formats import media_type_of

    if is_id(said.source) or (not Path(said.source).suffix and said.source != "-"):
        _check_there(said.source)
    source = read_source(said.source, said.media_type and media_type_of(said.media_type))
    judgement, item_type = _judged(*source)
    if item_type is None or not judgement.report.conforms_at("draft"):
        _refuse(judgement.report, output)
        return None
    exported = _as_published(judgement, item_type)
    citation = str(datacite_style(cited(exported)))
    return _Preview(attributes(exported), citation, registration_faults(exported), is_draft=True)


def _check_there(name: str) -> None:
    if not Path(name).exists():
        raise WrongUse(f"{name} is neither a file nor the id of an item.")


def _judged(content: bytes, media_type: str) -> "tuple[Judgement, str | None]":
    from catalog.domain.identifiers import item_iri
    from catalog.domain.validation import judge
    from catalog.library import library
    from catalog.settings import from_environment

    judgement = judge(
        content,
        media_type,
        item=item_iri(_NOBODY),
        bases=(from_environment().base,),
        library=library(),
    )
    return judgement, judgement.type


def _refuse(report: "Report", output: Output) -> None:
    output.result(
        {"attributes": None, "report": report.to_dict()},
        "This could not even be kept as a draft, so there is nothing to register.",
    )
    if not output.as_json:
        output.say_findings({"report": report.to_dict()})


def _as_published(judgement: "Judgement", item_type: str) -> "Exported":
    """Return the description as the record would have it if it were published now."""
    from datetime import UTC, datetime

    from catalog.domain.exporting.exported import Exported
    from catalog.domain.identifiers import concept_doi, version_doi
    from catalog.domain.lifecycle import State, Visibility
    from catalog.domain.record import Dois, DoiState, ItemName, ItemRecord
    from catalog.domain.writing import filled_in_for
    from catalog.library import library
    from catalog.settings import from_environment

    settings, now = from_environment(), datetime.now(UTC)
    of_all, of_this = (
        concept_doi(_NOBODY, settings.doi_prefix),
        version_doi(_NOBODY, 1, settings.doi_prefix),
    )
    record = ItemRecord(
        id=_NOBODY,
        version=1,
        revision=1,
        file_changes=0,
        state_changes=1,
        type=item_type,
        title=judgement.title or "",
        state=State.PUBLISHED,
        visibility=Visibility.PUBLIC,
        owner_id=0,
        owner="",
        created=now,
        modified=now,
        published=now,
        ntriples=judgement.ntriples,
        digest=judgement.digest,
        report={},
        filled_in=filled_in_for(
            judgement.ntriples,
            item_id=_NOBODY,
            version=1,
            created=now,
            issued=now,
            house=settings.house,
        ),
        dois=Dois(of_all, of_this, DoiState.FINDABLE, findable=(of_all, of_this)),
    )
    names = {one: ItemName(one, "", one) for one in judgement.references}
    return Exported(record, library(), settings.house, names, {})
