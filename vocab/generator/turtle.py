"""How a concept scheme is written as Turtle: one block a concept, in a fixed order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

VOCAB = "https://w3id.org/sage/vocab/"

PREFIXES: dict[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "fair4ml": "https://w3id.org/fair4ml#",
    "it6": "http://data.europa.eu/it6/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "quantitykind": "http://qudt.org/vocab/quantitykind/",
    "qudt": "http://qudt.org/schema/qudt/",
    "qudt-unit": "http://qudt.org/vocab/unit/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sage": "https://w3id.org/sage/ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx-license": "https://spdx.org/licenses/",
    "ssn": "http://www.w3.org/ns/ssn/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

# The reading order of a block: what it is called, what it means, where it stands, what it equals.
ORDER = (
    "skos:prefLabel",
    "skos:altLabel",
    "skos:hiddenLabel",
    "skos:notation",
    "skos:definition",
    "skos:scopeNote",
    "skos:example",
    "skos:editorialNote",
    "skos:inScheme",
    "skos:broader",
    "skos:narrower",
    "skos:related",
    "skos:exactMatch",
    "skos:closeMatch",
    "skos:broadMatch",
    "skos:relatedMatch",
    "owl:deprecated",
    "dct:isReplacedBy",
    "dct:source",
)

_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?\Z")
_SHORT_NAME = re.compile(r"(?<![\w<\"/:-])([a-z][a-z0-9-]*):(?=[A-Za-z0-9_])")


def text(value: str, language: str = "en") -> str:
    """Return `value` as a Turtle literal; with an empty `language`, as a plain string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"' + (f"@{language}" if language else "")


def plain(value: str) -> str:
    """Return `value` as a string without a language: codes, ids, places in a source."""
    return text(value, "")


def typed(value: str, datatype: str) -> str:
    """Return `value` as a literal of `datatype`, a name of the XML Schema namespace."""
    return f"{plain(value)}^^xsd:{datatype}"


def concept_id(notation: str) -> str:
    """Return the last segment of a concept's IRI, by the rule for ids of `terms.json`.

    >>> concept_id("env.count.*"), concept_id("/sensing/air_quality")
    ('env.count.any', 'sensing-air_quality')
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", notation.replace("*", "any")).strip("-")


def kebab(name: str) -> str:
    """Return the scheme id of a key of `terms.json`: `scienceField` is `science-field`.

    >>> kebab("smokeClass5"), kebab("audioSetClass")
    ('smoke-class5', 'audio-set-class')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def concept_iri(scheme: str, notation: str) -> str:
    """Return the IRI of a concept of ours."""
    return f"{VOCAB}{scheme}/{concept_id(notation)}"


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept: its IRI, its facts as rendered Turtle objects, and the IRIs of its parents."""

    iri: str
    facts: Mapping[str, tuple[str, ...]]
    broader: tuple[str, ...] = ()
    narrower: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """A concept scheme with its concepts, in the order in which they are shown."""

    id: str
    title: str
    description: str
    license: str
    sources: tuple[str, ...]
    concepts: tuple[Concept, ...]
    header: str = ""
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def iri(self) -> str:
        return VOCAB + self.id


def with_narrower(schemes: Iterable[Scheme]) -> tuple[Scheme, ...]:
    """Return the same schemes with every `skos:broader` told from its other end as well."""
    schemes = tuple(schemes)
    children: dict[str, list[str]] = {}
    for scheme in schemes:
        for concept in scheme.concepts:
            for parent in concept.broader:
                children.setdefault(parent, []).append(concept.iri)
    return tuple(
        replace(
            scheme,
            concepts=tuple(
                replace(c, narrower=tuple(children.get(c.iri, ()))) for c in scheme.concepts
            ),
        )
        for scheme in schemes
    )


def write(scheme: Scheme) -> str:
    """Return the whole scheme as Turtle, prefixes sorted, the same bytes for the same scheme."""
    names = _names_for(scheme)
    blocks = [_scheme_block(scheme, names)]
    blocks += [_concept_block(c, scheme, names) for c in scheme.concepts]
    body = "\n\n".join(blocks) + "\n"
    used = {m for m in _SHORT_NAME.findall(_without_strings(body)) if m in names}
    lines = [f"@prefix {name}: <{names[name]}> ." for name in sorted(used)]
    head = "".join(f"# {line}\n" for line in scheme.header.splitlines())
    return head + "\n".join(lines) + "\n\n" + body


def _names_for(scheme: Scheme) -> dict[str, str]:
    names = dict(PREFIXES)
    cited = {scheme.iri + "/"}
    for concept in scheme.concepts:
        values = [concept.iri, *concept.broader, *concept.narrower]
        values += [v[1:-1] for vs in concept.facts.values() for v in vs if v.startswith("<")]
        cited |= {iri.rsplit("/", 1)[0] + "/" for iri in values if iri.startswith(VOCAB)}
    for namespace in cited:
        names.setdefault(namespace.removeprefix(VOCAB).strip("/"), namespace)
    return names


def _without_strings(body: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"|<[^>]*>', '""', body)


def _short(value: str, names: Mapping[str, str]) -> str:
    """Return `<iri>` as a prefixed name where one fits; anything else unchanged."""
    if not value.startswith("<"):
        return value
    iri = value[1:-1]
    for name, namespace in names.items():
        local = iri.removeprefix(namespace)
        if local != iri and _LOCAL_NAME.match(local):
            return f"{name}:{local}"
    return value


def _scheme_block(scheme: Scheme, names: Mapping[str, str]) -> str:
    own = {c.iri for c in scheme.concepts}
    tops = [c.iri for c in scheme.concepts if not own.intersection(c.broader)]
    facts: dict[str, tuple[str, ...]] = {
        "dct:title": (text(scheme.title),),
        "dct:description": (text(scheme.description),),
        "dct:license": (f"<{scheme.license}>",),
        "dct:source": scheme.sources,
        **scheme.facts,
        "skos:hasTopConcept": tuple(f"<{iri}>" for iri in tops),
    }
    return _block(f"<{scheme.iri}>", "skos:ConceptScheme", facts.items(), names)


def _concept_block(concept: Concept, scheme: Scheme, names: Mapping[str, str]) -> str:
    facts = {
        **concept.facts,
        "skos:inScheme": (f"<{scheme.iri}>",),
        "skos:broader": tuple(f"<{iri}>" for iri in concept.broader),
        "skos:narrower": tuple(f"<{iri}>" for iri in concept.narrower),
    }
    known = [(p, facts[p]) for p in ORDER if facts.get(p)]
    others = [(p, facts[p]) for p in sorted(facts) if p not in ORDER and facts[p]]
    subject = _short(f"<{concept.iri}>", names)
    kinds = ["skos:Concept", *facts.get("a", ())]
    pairs = [pair for pair in known + others if pair[0] != "a"]
    return _block(subject, ", ".join(kinds), pairs, names)


def _block(
    subject: str, kind: str, pairs: Iterable[tuple[str, tuple[str, ...]]], names: Mapping[str, str]
) -> str:
    lines = [f"{subject} a {kind}"]
    for predicate, values in pairs:
        shown = [_short(v, names) for v in values]
        if not shown:
            continue
        line = f"    {predicate} {', '.join(shown)}"
        if len(line) > 100 and len(shown) > 1:
            line = f"    {predicate}\n        " + ",\n        ".join(shown)
        lines.append(line)
    return " ;\n".join(lines) + " ."
