"""What Skosmos' REST API answers, member by member: the JSON-LD that its clients read."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog.domain.description import Literal
from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import DCT, SKOS, Collection, Concept, Scheme, said_in
from catalog.domain.terms.labels import LABELS, Entry, Label, speaks
from catalog.domain.terms.thesaurus import Thesaurus

Json = dict[str, Any]

_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_ONKI = "http://schema.onki.fi/onki#"
_VOID = "http://rdfs.org/ns/void#"

BASE: Json = {"skos": SKOS, "uri": "@id", "type": "@type"}
"""What every context begins with."""


CONCEPT = f"{SKOS}Concept"
COLLECTION = f"{SKOS}Collection"


def shortened(iri: str) -> str:
    """Return an IRI of SKOS with its prefix, any other as it is."""
    return f"skos:{iri[len(SKOS) :]}" if iri.startswith(SKOS) else iri


# ---- labels in a language


def label_in(texts: Iterable[Literal], language: str | None) -> str | None:
    """Return the text in a language, else one without a language, else None."""
    found = list(texts)
    for text in found:
        if language is not None and speaks(text.language, language):
            return text.text
    return next((text.text for text in found if not text.language), None)


def label_or_other(texts: Iterable[Literal], language: str, *, tagged: bool) -> str | None:
    """Return the text in a language, else in English, else any; None where there is none.

    tagged  whether one in another language is followed by that language in brackets
    """
    found = list(texts)
    for wanted in (language, "en", "*"):
        for text in found:
            if speaks(text.language, wanted):
                other = tagged and not speaks(text.language, language)
                return f"{text.text} ({text.language})" if other else text.text
    return found[0].text if found else None


def default_language(thesaurus: Thesaurus, name: str) -> str:
    """Return the language in which a vocabulary answers unless asked for another."""
    spoken = thesaurus.languages(name)
    return "en" if "en" in spoken or not spoken else spoken[0]


# ---- vocabularies


def vocabularies(schemes: Iterable[Scheme], language: str, base: str) -> Json:
    """Return the list of vocabularies; `base` is the address of this interface."""
    return {
        "@context": {
            "rdfs": _RDFS,
            "onki": _ONKI,
            "title": {"@id": "rdfs:label", "@language": language},
            "vocabularies": "onki:hasVocabulary",
            "id": "onki:vocabularyIdentifier",
            "uri": "@id",
            "@base": f"{base}vocabularies",
        },
        "uri": "",
        "vocabularies": [
            {"uri": scheme.name, "id": scheme.name, "title": title_of(scheme, language)}
            for scheme in schemes
        ],
    }


def title_of(scheme: Scheme, language: str) -> str:
    """Return the title of a scheme in a language, else any, else its name."""
    return said_in(scheme.titles, language.split("-")[0].lower()) or scheme.name


def vocabulary(thesaurus: Thesaurus, scheme: Scheme, language: str, base: str) -> Json:
    """Return what a vocabulary is."""
    described: Json = {"title": title_of(scheme, language)}
    theme = next((one for iri in scheme.themes if (one := thesaurus.concept(iri))), None)
    if theme is not None:
        subject = label_or_other(theme.labels, language, tagged=False)
        described["subject"] = {"uri": theme.iri, "prefLabel": subject}
    described |= {"uri": scheme.iri, "type": "skos:ConceptScheme"}
    return {
        "@context": {
            **context(language, rdfs=_RDFS, onki=_ONKI, dct=DCT),
            "conceptschemes": "onki:hasConceptScheme",
            "id": "onki:vocabularyIdentifier",
            "defaultLanguage": "onki:defaultLanguage",
            "languages": "onki:language",
            "label": "rdfs:label",
            "prefLabel": "skos:prefLabel",
            "title": "dct:title",
            "@base": f"{base}{scheme.name}/",
        },
        "uri": "",
        "id": scheme.name,
        "marcSource": None,
        "title": title_of(scheme, language),
        "defaultLanguage": default_language(thesaurus, scheme.name),
        "languages": list(thesaurus.languages(scheme.name)),
        "conceptschemes": [described],
    }


def types(found: Mapping[str, str], language: str | None, base: str) -> Json:
    """Return classes of concepts and collections, each IRI with its name."""
    return {
        "@context": {
            **context(language, rdfs=_RDFS, onki=_ONKI),
            "label": "rdfs:label",
            "superclass": {"@id": "rdfs:subClassOf", "@type": "@id"},
            "types": "onki:hasType",
            "@base": base,
        },
        "uri": "",
        "types": [{"uri": iri, "label": label} for iri, label in found.items()],
    }


def vocabulary_statistics(
    thesaurus: Thesaurus, scheme: Scheme, names: Mapping[str, str], language: str, base: str
) -> Json:
    """Return how many concepts and groups a vocabulary has; `names` are those of the classes."""
    counted = thesaurus.statistics(scheme.name)
    said: Json = {
        "@context": {
            **context(language, rdfs=_RDFS, void=_VOID, onki=_ONKI),
            "id": "onki:vocabularyIdentifier",
            "concepts": "void:classPartition",
            "label": "rdfs:label",
            "class": {"@id": "void:class", "@type": "@id"},
            "subTypes": {"@id": "void:class", "@type": "@id"},
            "count": "void:entities",
            "@base": f"{base}{scheme.name}/",
        },
        "uri": "",
        "id": scheme.name,
        "title": title_of(scheme, language),
        "concepts": {
            "class": CONCEPT,
            "label": names[CONCEPT],
            "count": counted.concepts,
            "deprecatedCount": counted.deprecated,
        },
        "subTypes": [
            {"type": kind, "count": number, "deprecatedCount": old, "label": names[kind]}
            for kind, (number, old) in counted.types.items()
            if kind not in {CONCEPT, COLLECTION}
        ],
    }
    if counted.collections:
        said["conceptGroups"] = {
            "class": COLLECTION,
            "label": names[COLLECTION],
            "count": counted.collections,
            "deprecatedCount": 0,
        }
    return said


def label_statistics(thesaurus: Thesaurus, scheme: Scheme, language: str, base: str) -> Json:
    """Return how many labels of each kind a vocabulary has in each language."""
    return {
        "@context": {
            **context(None, rdfs=_RDFS, void=_VOID, onki=_ONKI),
            "void-ext": "http://ldf.fi/void-ext#",
            "id": "onki:vocabularyIdentifier",
            "languages": "void-ext:languagePartition",
            "language": "void-ext:language",
            "properties": "void:propertyPartition",
            "labels": "void:triples",
            "@base": f"{base}{scheme.name}/",
            "literal": {"@id": "rdfs:label", "@language": language},
        },
        "uri": "",
        "id": scheme.name,
        "title": title_of(scheme, language),
        "languages": [
            {
                "language": tag,
                "properties": [
                    {"property": f"skos:{kind}", "labels": number} for kind, number in kinds.items()
                ],
            }
            for tag, kinds in thesaurus.label_counts(scheme.name).items()
        ],
    }


def context(language: str | None, **prefixes: str) -> Json:
    """Return a context with further prefixes, for texts in a language or in none."""
    return {**BASE, **prefixes, **({"@language": language} if language is not None else {})}


# ---- a concept and what is around it


def labels(iri: str, found: Iterable[Label], language: str | None) -> Json:
    """Return the labels of a concept or collection, all of them without a language."""
    said: Json = {
        "@context": {
            **context(language),
            **{name: f"skos:{name}" for name in LABELS},
        },
        "uri": iri,
    }
    for label in found:
        if language is None or speaks(label.language, language):
            if label.property == "prefLabel":
                said.setdefault("prefLabel", label.text)
            else:
                said.setdefault(label.property, []).append(label.text)
    return said


def neighbours(
    thesaurus: Thesaurus, iri: str, relation: str, others: Iterable[str], language: str
) -> Json:
    """Return the concepts in one relation (`broader`, `narrower`, `related`) to a concept."""
    return {
        "@context": {
            **context(language),
            "prefLabel": "skos:prefLabel",
            relation: f"skos:{relation}",
        },
        "uri": iri,
        relation: [
            {"uri": other, "prefLabel": label_in(_labels(thesaurus, other), language)}
            for other in others
        ],
    }


def closure(
    thesaurus: Thesaurus, iri: str, relation: str, reached: Iterable[str], language: str
) -> Json:
    """Return a concept and all that is reached by `broader` or `narrower`, by IRI."""
    step = thesaurus.broader if relation == "broader" else thesaurus.narrower
    found: Json = {}
    for one in reached:
        found[one] = {"uri": one, "prefLabel": label_in(_labels(thesaurus, one), language)}
        if direct := step(one):
            found[one][relation] = list(direct)
    return {
        "@context": {
            **context(language),
            "prefLabel": "skos:prefLabel",
            relation: {"@id": f"skos:{relation}", "@type": "@id"},
            f"{relation}Transitive": {"@id": f"skos:{relation}Transitive", "@container": "@index"},
        },
        "uri": iri,
        f"{relation}Transitive": found,
    }


def children(thesaurus: Thesaurus, iri: str, language: str) -> Json:
    """Return the concepts right below one, as a tree shows them."""
    return {
        "@context": {
            **context(language, onki=_ONKI),
            "prefLabel": "skos:prefLabel",
            "narrower": "skos:narrower",
            "notation": "skos:notation",
            "hasChildren": "onki:hasChildren",
        },
        "uri": iri,
        "narrower": [
            _in_tree(thesaurus, one, language, "prefLabel", tagged=False)
            for one in thesaurus.narrower(iri)
        ],
    }


def top_concepts(thesaurus: Thesaurus, name: str, scheme: str, language: str) -> Json:
    """Return the top concepts of a vocabulary, none where `scheme` is not its IRI."""
    tops = thesaurus.top_concepts(name) if scheme == VOCAB + name else ()
    return {
        "@context": {
            **context(language, onki=_ONKI),
            "topconcepts": "skos:hasTopConcept",
            "notation": "skos:notation",
            "label": "skos:prefLabel",
        },
        "uri": scheme,
        "topconcepts": [
            {"topConceptOf": scheme, **_in_tree(thesaurus, one, language, "label", tagged=True)}
            for one in tops
        ],
    }


def hierarchy(thesaurus: Thesaurus, iri: str, language: str) -> Json:
    """Return a concept with everything above it, each with what is right below it."""
    above = (iri, *thesaurus.broader_transitive(iri))
    return {
        "@context": {
            **context(language, onki=_ONKI),
            "prefLabel": "skos:prefLabel",
            "notation": "skos:notation",
            "narrower": {"@id": "skos:narrower", "@type": "@id"},
            "broader": {"@id": "skos:broader", "@type": "@id"},
            "broaderTransitive": {"@id": "skos:broaderTransitive", "@container": "@index"},
            "top": {"@id": "skos:topConceptOf", "@type": "@id"},
            "tops": {"@id": "skos:topConceptOf", "@type": "@id"},
            "hasChildren": "onki:hasChildren",
        },
        "uri": iri,
        "broaderTransitive": {one: _level(thesaurus, one, language) for one in above},
    }


def _level(thesaurus: Thesaurus, iri: str, language: str) -> Json:
    said = _in_tree(thesaurus, iri, language, "prefLabel", tagged=True)
    if tops := thesaurus.tops_of(iri):
        said |= {"tops": list(tops), "top": tops[0]}
    if below := thesaurus.narrower(iri):
        said["narrower"] = [
            _in_tree(thesaurus, one, language, "label", tagged=True) for one in below
        ]
    if above := thesaurus.broader(iri):
        said["broader"] = list(above)
    return said


def _in_tree(thesaurus: Thesaurus, iri: str, language: str, member: str, *, tagged: bool) -> Json:
    """Return a concept as a node of a tree; `member` is what its label is called there."""
    concept = thesaurus.concept(iri)
    said: Json = {
        "uri": iri,
        member: label_or_other(concept.labels, language, tagged=tagged) if concept else None,
        "hasChildren": bool(thesaurus.narrower(iri)),
    }
    if concept is not None and concept.notation is not None:
        said["notation"] = concept.notation
    return said


def _labels(thesaurus: Thesaurus, iri: str) -> tuple[Literal, ...]:
    found = thesaurus.concept(iri) or thesaurus.collection(iri)
    return found.labels if found else ()


# ---- groups


def groups(thesaurus: Thesaurus, name: str, language: str) -> Json:
    """Return the groups of a vocabulary, sorted by name."""
    found = thesaurus.groups(name)
    known = {group.iri for group in found}
    listed = []
    for group in found:
        said: Json = {"uri": group.iri}
        if (label := label_in(group.labels, language)) is not None:
            said["prefLabel"] = label
        if inside := [one for one in group.members if one in known]:
            said["childGroups"] = inside
        said["hasMembers"] = bool(group.members)
        if group.notation is not None:
            said["notation"] = group.notation
        listed.append(said)
    return {
        "@context": {
            **context(language, onki=_ONKI),
            "prefLabel": "skos:prefLabel",
            "groups": "onki:hasGroup",
            "childGroups": {"@id": "skos:member", "@type": "@id"},
            "hasMembers": "onki:hasMembers",
        },
        "uri": "",
        "groups": sorted(listed, key=lambda said: said.get("prefLabel", "").casefold()),
    }


def group_members(thesaurus: Thesaurus, group: Collection, language: str) -> Json:
    """Return what is in a group, sorted by name, without what is deprecated."""
    inside = (thesaurus.concept(iri) or thesaurus.collection(iri) for iri in group.members)
    found = [one for one in inside if one and not (isinstance(one, Concept) and one.deprecated)]
    members = [_member(one, language) for one in found]
    return {
        "@context": {
            **context(language),
            "prefLabel": "skos:prefLabel",
            "members": "skos:member",
        },
        "uri": group.iri,
        "members": sorted(members, key=lambda said: (said["prefLabel"] or "").casefold()),
    }


def _member(one: Concept | Collection, language: str) -> Json:
    said: Json = {
        "uri": one.iri,
        "isSuper": False,
        "hasMembers": isinstance(one, Collection) and bool(one.members),
        "type": [shortened(kind) for kind in one.types],
        "prefLabel": label_or_other(one.labels, language, tagged=False),
    }
    if one.notation is not None:
        said["notation"] = one.notation
    return said


# ---- the alphabetical index


def index_letters(letters: Iterable[str], language: str) -> Json:
    """Return the letters of the alphabetical index."""
    ordered = {"@id": "skosmos:indexLetters", "@container": "@list", "@language": language}
    return {
        "@context": {**BASE, "indexLetters": ordered},
        "uri": "",
        "indexLetters": list(letters),
    }


def index_concepts(entries: Iterable[Entry]) -> Json:
    """Return entries of the alphabetical index."""
    listed = []
    for entry in entries:
        said: Json = {
            "uri": entry.iri,
            "localname": re.split("[/#]", entry.iri)[-1],
            "prefLabel": entry.label,
            "lang": entry.language,
        }
        if not entry.is_preferred:
            said["altLabel"] = entry.text
        listed.append(said)
    ordered = {"@id": "skosmos:indexConcepts", "@container": "@list"}
    return {"@context": {**BASE, "indexConcepts": ordered}, "uri": "", "indexConcepts": listed}


# ---- what changed


def change(
    thesaurus: Thesaurus, concept: Concept, label: str, moment: datetime, language: str
) -> Json:
    """Return a concept that came or was changed at a moment."""
    said: Json = {
        "uri": concept.iri,
        "prefLabel": label,
        "date": moment.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "deprecated": concept.deprecated,
    }
    if concept.replaced_by:
        said["replacedBy"] = concept.replaced_by[0]
        if (name := label_in(_labels(thesaurus, concept.replaced_by[0]), language)) is not None:
            said["replacingLabel"] = name
    return said


def change_list(listed: Iterable[Json], language: str) -> Json:
    """Return concepts that came or were changed."""
    return {
        "@context": {
            **context(language, xsd="http://www.w3.org/2001/XMLSchema#"),
            "prefLabel": "skos:prefLabel",
            "date": {
                "@id": f"{DCT}date",
                "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
            },
        },
        "changeList": list(listed),
    }
