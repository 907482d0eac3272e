"""Which licence a text or an address means: one of the SPDX list, else a licence in words."""

import re
from collections.abc import Mapping
from typing import Any

from catalog.domain.importing.addresses import address_of
from catalog.domain.importing.gathering import Gathering, Part
from catalog.domain.importing.names import Names
from catalog.domain.importing.values import concept_of, is_empty, shown

LICENCES = ("license",)
WRITTEN = ("license-string",)

_SPDX = re.compile(r"https?://(?:www\.)?spdx\.org/licenses/([^/?#]+?)(?:\.html|\.json)?/?")
_CREATIVE = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)"
    r"(?:/(?:legalcode|deed)?[a-z.]*)?/?",
    re.IGNORECASE,
)
_INITIATIVE = re.compile(r"https?://(?:www\.)?opensource\.org/licenses?/([^/?#]+?)(?:\.php)?/?")


def licence_of(raw: str, names: Names) -> str | None:
    """Return the SPDX licence that a name, an id or an address means, as an IRI.

    Names are those of the vocabulary and, by their mapping to SPDX, those that authors of Sage
    apps wrote. The addresses of SPDX, Creative Commons and the OSI say the id themselves.
    """
    text = raw.strip()
    for word in (text, _id_in(text)):
        found = word and concept_of(word, LICENCES, names)
        if found:
            return found
    written = concept_of(text, WRITTEN, names) or _only_meaning(text, names)
    concept = names.library.vocabularies.concept(written) if written else None
    exact = concept.mappings.get("exactMatch", ()) if concept else ()
    return exact[0] if len(exact) == 1 else None


def _id_in(text: str) -> str | None:
    """Return the SPDX id that an address of a licence says."""
    for form in (_SPDX, _INITIATIVE):
        if found := form.fullmatch(text):
            return found[1]
    if found := _CREATIVE.fullmatch(text):
        kind, code, version = (part.lower() for part in found.groups())
        if kind == "licenses":
            return f"CC-{code}-{version}".upper()
        return f"CC0-{version}" if code == "zero" else None
    return None


def _only_meaning(text: str, names: Names) -> str | None:
    """Return one of several spellings of a licence, if they all mean the same."""
    vocabularies = names.library.vocabularies
    spelled = names.concepts(text, WRITTEN)
    meant = {
        one.mappings.get("exactMatch") for iri in spelled if (one := vocabularies.concept(iri))
    }
    return spelled[0] if len(meant) == 1 and None not in meant else None


def _is_id(word: str, iri: str, names: Names) -> bool:
    """Tell whether a word is the id or the address of a licence, and no other name of it."""
    concept = names.library.vocabularies.concept(iri)
    known = {iri, concept.notation if concept else None}
    return word.strip().casefold() in {one.casefold() for one in known if one}


def say_licence(gathering: Gathering, about: Part, raw: Any, pointer: str) -> None:
    """Say under which licence `about` stands: as texts, addresses, or objects of schema.org."""
    if is_empty(raw):
        return
    if isinstance(raw, list):
        for number, one in enumerate(raw):
            say_licence(gathering, about, one, f"{pointer}/{number}")
    elif isinstance(raw, Mapping):
        _say_described(gathering, about, raw, pointer)
    elif isinstance(raw, str):
        _say_words(gathering, about, {"title": raw}, pointer)
    else:
        gathering.lose(pointer, f"Licence: {shown(raw)} is neither the name of one nor an address.")


def _say_described(gathering: Gathering, about: Part, raw: Mapping[str, Any], pointer: str) -> None:
    said = {
        "title": next((raw[key] for key in ("name", "title", "@value") if raw.get(key)), None),
        "page": next((raw[key] for key in ("url", "@id", "id", "link") if raw.get(key)), None),
        "text": next((raw[key] for key in ("description", "text") if raw.get(key)), None),
    }
    known = {key: text for key, text in said.items() if isinstance(text, str) and text.strip()}
    if known:
        _say_words(gathering, about, known, pointer)
    else:
        gathering.lose(pointer, "Licence: this object says neither a name nor an address.")


def _say_words(gathering: Gathering, about: Part, said: Mapping[str, str], pointer: str) -> None:
    """Say the licence by its place in the SPDX list, else what is known of it."""
    for word in (said.get("page"), said.get("title")):
        iri = licence_of(word, gathering.names) if word else None
        if word and iri:
            taken = gathering.say(about, "dct:license", iri, pointer)
            if taken and not _is_id(word, iri, gathering.names):
                gathering.tell(pointer, f"The licence {shown(word)} was read as {iri}.")
            return
    part = gathering.part("dct:LicenseDocument")
    title = said.get("title")
    if title and address_of(title):
        gathering.say(part, "foaf:page", title, pointer)
        title = None
    gathering.say(part, "dct:title", title, pointer)
    gathering.say(part, "foaf:page", address_of(said.get("page")), pointer)
    gathering.say(part, "dct:description", said.get("text"), pointer)
    if gathering.add(about, "dct:license", part, pointer):
        gathering.tell(
            pointer,
            f"The licence {shown(said.get('title') or said.get('page'))} is none of the SPDX list "
            "by its name, and is kept in words.",
        )
