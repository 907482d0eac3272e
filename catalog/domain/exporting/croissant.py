"""A data set in Croissant 1.1: its files, tables, splits and what is known of its making."""

import json
from typing import Any, Final
from urllib.parse import quote

from catalog.domain.context import PREFIXES
from catalog.domain.description import literal
from catalog.domain.exporting import own_terms
from catalog.domain.exporting import schema_values as write
from catalog.domain.exporting.bibtex import bibtex
from catalog.domain.exporting.citations import cited
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.schema_terms import TERMS, exact, identifiers, texts_of
from catalog.domain.lifecycle import State
from catalog.domain.writing import FILES_AS_DISTRIBUTIONS

CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.1"
MEDIA_TYPE: Final = "application/ld+json"

_UNKNOWN_BYTES = "application/octet-stream"
_RAI = f"{PREFIXES['cr']}RAI/"
_AGENT_KEYS = frozenset({"@type", "@id", "name", "email", "url", "identifier", "affiliation"})
_COLLECTED = "it6:collectionDate"
_DATES = frozenset({"date", "dateTime"})


def croissant(exported: Exported) -> bytes:
    """Return a data set as Croissant 1.1, in JSON.

    Croissant wants a checksum of every file. Where one is kept elsewhere and none is known, the
    data set is called live, since nobody can tell whether those bytes are still what they were.
    """
    written, known = exact(exported, TERMS, _OF_OURS)
    said = {key: _in_croissant(key, value) for key, value in written.items()}
    files, pages = _distribution(exported)
    document = {
        "@type": "Dataset",
        "@id": exported.iri,
        **said,
        "conformsTo": [CONFORMS_TO, *_standards(exported)],
        "url": exported.iri,
        "identifier": _identifiers(exported, said.get("identifier", [])),
        "additionalType": own_terms.classes(exported),
        **({"citeAs": wanted} if (wanted := _cite_as(exported)) else {}),
        "isAccessibleForFree": write.is_free(exported),
        "isLiveDataset": any(not _has_checksum(one) for one in files),
        **({"distribution": files} if files else {}),
        **({"dcat:distribution": pages} if pages else {}),
        **_record_sets(exported, files),
        **_responsible(exported),
        **own_terms.rest(
            exported, known | _SAID | ({_COLLECTED} if _timeframe(exported) else set())
        ),
    }
    context = {**_CONTEXT, **own_terms.prefixes(document)}
    return json.dumps({"@context": context, **document}, ensure_ascii=False, indent=2).encode()


_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": PREFIXES["cr"],
    "rai": _RAI,
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": PREFIXES["dct"],
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the specification, so that nothing has to be fetched to read the document."""

_OF_OURS: Final = ("conformsTo", "dateModified")
"""Terms that stand for something else in Croissant, or that the catalog writes in any case."""

_SAID: Final = frozenset(
    {"dcat:distribution", "cr:citeAs", "cr:recordSet", "sage:split", "dct:conformsTo"}
)  # fmt: skip


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _in_croissant(key: str, value: Any) -> Any:
    """Return a value as Croissant has it: licences by address, agents as far as it knows them."""
    if key in {"name", "description"}:
        return _by_language(value)
    if key == "license":
        return write.one_or_all([one.get("url") or one.get("name") for one in _listed(value)])
    if key in {"creator", "publisher"}:
        return write.one_or_all(
            [{name: said for name, said in one.items() if name in _AGENT_KEYS}
             for one in _listed(value)]
        )  # fmt: skip
    return _not_another_data_set(value)


def _not_another_data_set(value: Any) -> Any:
    """Call other data sets mere works: readers take every one of them for the one described."""
    if isinstance(value, list):
        return [_not_another_data_set(one) for one in value]
    if isinstance(value, dict):
        if "Dataset" in _listed(value.get("@type")):
            value = {**value, "@type": "CreativeWork"}
        return {key: _not_another_data_set(one) for key, one in value.items()}
    return value


def _standards(exported: Exported) -> list[str]:
    return [write.plain(exported, one) for one in write.values(exported, "dct:conformsTo")]


def _identifiers(exported: Exported, given: list[Any]) -> list[Any]:
    """Return the identifiers beside the address."""
    *others, _ = identifiers(exported, given)
    return others


def _cite_as(exported: Exported) -> str | None:
    """Return how the authors want to be cited, else how the catalog cites what is published."""
    said = texts_of(exported, "cr:citeAs")
    if said or exported.record.state is not State.PUBLISHED:
        return said[0] if said else None
    return bibtex(cited(exported))


# -- files


def _distribution(exported: Exported) -> tuple[list[Any], list[Any]]:
    """Return the files of the data, and in our own words what only a page leads to."""
    is_long = exported.record.files_total > FILES_AS_DISTRIBUTIONS
    files = _many_files(exported) if is_long else []
    pages = []
    for value in write.values(exported, "dcat:distribution"):
        said = write.file(exported, value)
        if said is None or value.endswith("#files>"):
            continue
        if "contentUrl" in said:
            files.append(_file_object(exported, value, said))
        elif "url" in said:
            pages.append(own_terms.part(exported, value))
    return files, pages


def _file_object(exported: Exported, value: str, said: dict[str, Any]) -> dict[str, Any]:
    """Return a file; of several checksums the SHA-256, since Croissant allows one."""
    name = said.get("name")
    names = [one for one in _listed(name) if isinstance(one, str)]
    fitting = _among(said, "contentUrl", "contentSize")
    digest = _among(said, "sha256") or _among(said, "md5")
    more = _among(said, "datePublished", "dateModified")
    licences = [one.get("url") or one.get("name") for one in _listed(said.get("license"))]
    return {
        "@type": "cr:FileObject",
        "@id": said["@id"],
        "name": names[0] if names else said["contentUrl"].rpartition("/")[2] or said["@id"],
        **({"description": said["description"]} if "description" in said else {}),
        **fitting,
        "encodingFormat": said.get("encodingFormat", _UNKNOWN_BYTES),
        **digest,
        **({"license": write.one_or_all(licences)} if licences else {}),
        **more,
        **own_terms.rest(exported, _OF_A_FILE, value),
    }


def _among(said: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: said[key] for key in keys if key in said}


_OF_A_FILE: Final = frozenset(
    {"dct:title", "dct:description", "dcat:downloadURL", "dcat:mediaType",
     "dcat:byteSize", "spdx:checksum", "dct:license", "dct:issued", "dct:modified"}
)  # fmt: skip


def _many_files(exported: Exported) -> list[Any]:
    """Return one set of all files, within the package that holds them."""
    package = f"{exported.version_iri}.crate.zip"
    kinds = sorted({file.media_type for file in exported.record.files}) or [_UNKNOWN_BYTES]
    return [
        {
            "@type": "cr:FileObject",
            "@id": f"{exported.iri}#package",
            "name": "crate.zip",
            "contentUrl": package,
            "encodingFormat": "application/zip",
        },
        {
            "@type": "cr:FileSet",
            "@id": f"{exported.iri}#files",
            "name": f"{exported.record.files_total:,} files",
            "containedIn": {"@id": f"{exported.iri}#package"},
            "includes": "*",
            "encodingFormat": write.one_or_all(kinds),
        },
    ]


def _has_checksum(file: dict[str, Any]) -> bool:
    return file["@type"] == "cr:FileSet" or "sha256" in file or "md5" in file


# -- tables and splits


def _record_sets(exported: Exported, files: list[Any]) -> dict[str, Any]:
    """Return the tables with their columns, and the splits.

    Croissant wants to know from which file a column comes. The description tells the names in the
    file; so columns are told where there is one file that may hold them.
    """
    holder = _holder(files)
    found = [_table(exported, one, holder) for one in write.values(exported, "cr:recordSet")]
    splits = write.values(exported, "sage:split")
    found += [_splits(exported, splits)] if splits else []
    return {"recordSet": found} if found else {}


_TABLES: Final = ("csv", "tab-separated-values", "parquet", "json", "jsonl", "x-ndjson")


def _holder(files: list[Any]) -> dict[str, str] | None:
    """Return a reference to the one file that is a table, else to the only file."""
    tables = [one for one in files if str(one["encodingFormat"]).endswith(_TABLES)] or files
    if len(tables) != 1 or tables[0]["@type"] != "cr:FileObject":
        return None
    return {"@id": tables[0]["@id"]}


def _table(exported: Exported, value: str, holder: dict[str, str] | None) -> dict[str, Any]:
    identity = write.address(exported, value)
    said = write.values(exported, "cr:field", value) if holder else ()
    fields = [_field(exported, one, identity, holder) for one in said]
    return {
        "@type": "cr:RecordSet",
        "@id": identity,
        "name": _name_of(exported, value),
        **_described(exported, value),
        **({"field": fields} if fields else {}),
    }


def _field(
    exported: Exported, value: str, table: str, holder: dict[str, str] | None
) -> dict[str, Any]:
    name = _name_of(exported, value)
    kinds = [write.address(exported, one) for one in write.values(exported, "cr:dataType", value)]
    known = [_KINDS.get(own_terms.short(one), one) for one in kinds]
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{quote(name, safe='')}",
        "name": name,
        **_described(exported, value),
        "dataType": write.one_or_all(known if any(map(_is_known, known)) else ["sc:Text", *known]),
        "source": {"fileObject": holder, "extract": {"column": name}},
    }


_KINDS: Final = {
    "xsd:boolean": "sc:Boolean",
    "xsd:date": "sc:Date",
    "xsd:dateTime": "sc:DateTime",
    "xsd:time": "sc:Time",
    "xsd:anyURI": "sc:URL",
    "xsd:string": "sc:Text",
    **dict.fromkeys(("xsd:decimal", "xsd:double", "xsd:float"), "sc:Float"),
    **dict.fromkeys(("xsd:integer", "xsd:int", "xsd:long", "xsd:nonNegativeInteger"), "sc:Integer"),
}
"""Datatypes of XML Schema by the types of Croissant that mean the same."""


def _is_known(kind: str) -> bool:
    return kind.startswith(("sc:", "https://schema.org/", PREFIXES["cr"]))


def _name_of(exported: Exported, value: str) -> str:
    return write.first(exported, "schema:name", value) or value[1:-1].rpartition("#")[2]


def _described(exported: Exported, value: str) -> dict[str, Any]:
    said = write.each(exported, "schema:description", value, write.text)
    return {"description": _by_language(said)} if said else {}


def _by_language(said: Any) -> Any:
    """Return texts as a map from language to text where there is more than English."""
    several = _listed(said)
    if all(isinstance(one, str) for one in several):
        return write.one_or_all(several)
    return {
        one["@language"] if isinstance(one, dict) else "en": one["@value"]
        if isinstance(one, dict)
        else one
        for one in several
    }


def _splits(exported: Exported, splits: tuple[str, ...]) -> dict[str, Any]:
    """Return the splits of the data as a table that holds its own rows."""
    identity = f"{exported.iri}#splits"
    rows = [_split(exported, one, identity) for one in splits]
    columns = {key: None for row in rows for key in row}
    kinds = {f"{identity}/{_COUNT}": "sc:Integer"}
    return {
        "@type": "cr:RecordSet",
        "@id": identity,
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": f"{identity}/name"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": column,
                "name": column.rpartition("/")[2],
                "dataType": kinds.get(column, "sc:Text"),
            }
            for column in columns
        ],
        "data": [{column: row.get(column) for column in columns} for row in rows],
    }


_COUNT = "num_examples"


def _split(exported: Exported, value: str, identity: str) -> dict[str, Any]:
    kind = next(iter(write.values(exported, "sage:datasetSplit", value)), None)
    count = write.number(write.first(exported, "sage:recordCount", value))
    said = write.first(exported, "dct:description", value)
    return {
        f"{identity}/name": write.label(exported, kind) if kind else value[1:-1],
        **({f"{identity}/{_COUNT}": count} if count is not None else {}),
        **({f"{identity}/description": said} if said else {}),
    }


# -- how the data were made


def _responsible(exported: Exported) -> dict[str, Any]:
    """Return the terms of the vocabulary for responsible AI, which are the description's own."""
    found: dict[str, Any] = {}
    for predicate in exported.description.by_subject.get(exported.description.subject, {}):
        said = texts_of(exported, predicate[1:-1]) if predicate.startswith(f"<{_RAI}") else []
        if said:
            found[f"rai:{predicate[1:-1].removeprefix(_RAI)}"] = write.one_or_all(said)
    return found | _timeframe(exported)


def _timeframe(exported: Exported) -> dict[str, Any]:
    """Return when the data were collected: whole days as Croissant has them, else as words."""
    for value in write.values(exported, _COLLECTED):
        said = literal(value)
        if said.datatype.rpartition("#")[2] in _DATES:
            return {"rai:dataCollectionTimeframe": said.text}
    return {}
