"""OAI-PMH 2.0: public items harvested by date and type, with those that were withdrawn."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from flask import Response, request
from flask_smorest import Blueprint

from api.answers import conditional
from api.context import now, parts
from api.oai_arguments import TOKEN, TYPES, Refused, asked, item_named, selection, token_of
from api.oai_formats import FORMATS, MetadataFormat
from api.operations import operation, query_parameter
from catalog.domain.errors import TooLarge, UnsupportedMediaType
from catalog.domain.feeds.xml_text import attributes, escaped
from catalog.domain.identifiers import VOCAB
from catalog.domain.permissions import Action
from catalog.services.changes import IN_FLIGHT, oldest_change
from catalog.services.harvest import Harvested, count, counts_of_types, harvest, harvest_one

blueprint = Blueprint("oai", __name__, description="OAI-PMH 2.0")

XML: Final = "text/xml"
RECORDS_A_PORTION: Final = 100

_NAMESPACE: Final = "http://www.openarchives.org/OAI/2.0/"
_IDENTIFIERS: Final = f"{_NAMESPACE}oai-identifier"
_OPENING: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<OAI-PMH xmlns="{_NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="{_NAMESPACE} {_NAMESPACE}OAI-PMH.xsd">\n'
)
_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_FORM_BYTES: Final = 20_000

_PARAMETERS: Final = tuple(
    query_parameter(name, meaning)
    for name, meaning in (
        (
            "verb",
            "Identify, ListMetadataFormats, ListSets, ListIdentifiers, ListRecords, GetRecord.",
        ),
        ("metadataPrefix", f"The format: {', '.join(FORMATS)}."),
        ("identifier", "The identifier of an item, such as ListIdentifiers lists."),
        ("from", "The first date or second, in UTC."),
        ("until", "The last date or second, in UTC."),
        ("set", "A set, such as ListSets lists."),
        (TOKEN, "What the portion before ended with; it stands alone."),
    )
)


@operation(
    blueprint,
    "/oai",
    Action.OPEN,
    answers={200: "What was asked for, or an error of the protocol"},
    forms=(XML,),
    parameters=_PARAMETERS,
)
def oai_get() -> Response:
    """Harvest public items (OAI-PMH 2.0); its own errors are answered with 200 as well."""
    return _answered(request.args.items(multi=True))


@operation(
    blueprint,
    "/oai",
    Action.OPEN,
    methods=("POST",),
    answers={200: "What was asked for, or an error of the protocol"},
    forms=(XML,),
    takes={_FORM: {"type": "object"}},
    problems=(413, 415),
)
def oai_post() -> Response:
    """Harvest as by GET, with the arguments in a form."""
    if request.mimetype != _FORM:
        raise UnsupportedMediaType(request.mimetype, [_FORM])
    if (request.content_length or 0) > _LONGEST_FORM_BYTES:
        raise TooLarge(f"A request has at most {_LONGEST_FORM_BYTES:,} bytes.")
    return _answered((*request.args.items(multi=True), *request.form.items(multi=True)))


def _answered(pairs: Iterable[tuple[str, str]]) -> Response:
    """Return the answer; where the request is wrong, it is not repeated in it."""
    given: Mapping[str, str] = {}
    try:
        given = asked(pairs)
        inside = f"<{given['verb']}>\n{_VERBS[given['verb']](given)}</{given['verb']}>\n"
    except Refused as refused:
        if refused.code in {"badVerb", "badArgument"}:
            given = {}
        inside = f'<error code="{refused.code}">{escaped(refused.told)}</error>\n'
    said = f"<request{attributes(given.items())}>{escaped(_base_url())}</request>\n{inside}"
    # What is committed at this moment may have happened a moment ago: who asks next time from
    # this date on has to get it then.
    date = f"<responseDate>{_stamp(now() - IN_FLIGHT)}</responseDate>\n"
    answer = Response(f"{_OPENING}{date}{said}</OAI-PMH>\n", content_type=f"{XML}; charset=utf-8")
    answer.set_etag(sha256(said.encode()).hexdigest()[:16])
    return conditional(answer)


def _base_url() -> str:
    return f"{parts().settings.base}oai"


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _identifier(item_id: str) -> str:
    return f"oai:{parts().settings.domain}:{item_id}"


def _element(name: str, text: str) -> str:
    return f"<{name}>{escaped(text)}</{name}>\n"


def _identify(_given: Mapping[str, str]) -> str:
    settings = parts().settings
    oldest = oldest_change(parts())
    return "".join(
        (
            _element("repositoryName", settings.title),
            _element("baseURL", _base_url()),
            _element("protocolVersion", "2.0"),
            _element("adminEmail", settings.contact_email or f"postmaster@{settings.domain}"),
            _element("earliestDatestamp", _stamp(oldest.at if oldest else now() - IN_FLIGHT)),
            _element("deletedRecord", "persistent"),
            _element("granularity", "YYYY-MM-DDThh:mm:ssZ"),
            f'<description><oai-identifier xmlns="{_IDENTIFIERS}" xsi:schemaLocation='
            f'"{_IDENTIFIERS} {_IDENTIFIERS}.xsd">\n',
            _element("scheme", "oai"),
            _element("repositoryIdentifier", settings.domain),
            _element("delimiter", ":"),
            _element("sampleIdentifier", _identifier(oldest.item_id if oldest else "0000000000")),
            "</oai-identifier></description>\n",
        )
    )


def _list_metadata_formats(given: Mapping[str, str]) -> str:
    if "identifier" in given:
        _found(given["identifier"], complete=False)
    return "".join(
        "<metadataFormat>"
        + _element("metadataPrefix", one.prefix)
        + _element("schema", one.schema)
        + _element("metadataNamespace", one.namespace)
        + "</metadataFormat>\n"
        for one in FORMATS.values()
    )


def _list_sets(given: Mapping[str, str]) -> str:
    """Name the types of which there are items, then the set that they all are in."""
    if TOKEN in given:
        raise Refused(
            "badResumptionToken", "The list of sets is whole; there is nothing to resume."
        )
    concept = parts().library.vocabularies.concept
    sets = []
    for name in counts_of_types(parts()):
        described = concept(f"{VOCAB}item-type/{name}")
        sets.append((f"{TYPES}:{name}", described.label if described else name))
    sets.append((TYPES, "Items of every type"))
    return "".join(
        f"<set>{_element('setSpec', spec)}{_element('setName', name)}</set>\n"
        for spec, name in sets
    )


def _list_identifiers(given: Mapping[str, str]) -> str:
    return _listed(given, lambda one, _form: _header(one), complete=False)


def _list_records(given: Mapping[str, str]) -> str:
    return _listed(given, _record, complete=True)


def _get_record(given: Mapping[str, str]) -> str:
    form = _format(given["metadataPrefix"])
    return _record(_found(given["identifier"], complete=True), form)


_VERBS: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "Identify": _identify,
    "ListMetadataFormats": _list_metadata_formats,
    "ListSets": _list_sets,
    "ListIdentifiers": _list_identifiers,
    "ListRecords": _list_records,
    "GetRecord": _get_record,
}


def _found(identifier: str, *, complete: bool) -> Harvested:
    item_id = item_named(identifier, parts().settings.domain)
    found = harvest_one(parts(), item_id, complete=complete)
    if found is None:
        raise Refused("idDoesNotExist", "There is no item of that identifier.")
    return found


def _format(prefix: str) -> MetadataFormat:
    if prefix not in FORMATS:
        told = f"There is no format of that prefix; {', '.join(FORMATS)} are offered."
        raise Refused("cannotDisseminateFormat", told)
    return FORMATS[prefix]


def _listed(
    given: Mapping[str, str],
    write: Callable[[Harvested, MetadataFormat], str],
    *,
    complete: bool,
) -> str:
    """Return a portion of a list, and the token for the next where there is one."""
    chosen = selection(given)
    form = _format(chosen.prefix)
    window = chosen.window(parts().library.shapes.item_types)
    found = harvest(
        parts(), window, after=chosen.after, limit=RECORDS_A_PORTION + 1, complete=complete
    )
    if not found and chosen.after is None:
        raise Refused("noRecordsMatch", "There is no item of that date, set and format.")
    portion, more = found[:RECORDS_A_PORTION], len(found) > RECORDS_A_PORTION
    said = "".join(write(one, form) for one in portion)
    if not more and chosen.after is None:
        return said
    if chosen.after is None:
        chosen = replace(chosen, total=count(parts(), window))
    token = ""
    if more:
        last = portion[-1]
        reached = chosen.cursor + len(portion)
        token = token_of(given["verb"], chosen, cursor=reached, after=(last.at, last.item_id))
    told = (("completeListSize", str(chosen.total)), ("cursor", str(chosen.cursor)))
    return f"{said}<{TOKEN}{attributes(told)}>{escaped(token)}</{TOKEN}>\n"


def _header(one: Harvested) -> str:
    status = ' status="deleted"' if one.is_deleted else ""
    return (
        f"<header{status}>"
        + _element("identifier", _identifier(one.item_id))
        + _element("datestamp", _stamp(one.at))
        + _element("setSpec", f"{TYPES}:{one.type}")
        + "</header>\n"
    )


def _record(one: Harvested, form: MetadataFormat) -> str:
    inside = ""
    if one.exported is not None and not one.is_deleted:
        inside = f"<metadata>{form.write(one.exported)}</metadata>\n"
    return f"<record>{_header(one)}{inside}</record>\n"
