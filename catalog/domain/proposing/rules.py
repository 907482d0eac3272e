"""What may be proposed about a vocabulary: from what somebody writes to a plan, or all troubles."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from catalog.domain.description import literal, term_of_text
from catalog.domain.errors import NotFound, WrongState
from catalog.domain.identifiers import VOCAB
from catalog.domain.proposing.proposals import (
    DEPRECATED,
    PROPERTIES,
    TRUE,
    Difference,
    Form,
    Kind,
    Plan,
    Property,
)
from catalog.domain.proposing.terms import TermRules, shown
from catalog.domain.proposing.troubles import Troubles, refused
from catalog.domain.schemes import Concept, Row, Scheme, Vocabularies

_ABSENT: Final = {
    "prefLabel": "no-english-label",
    "definition": "no-definition",
    "source": "no-source",
}
"""What every term needs, with the rule that is broken without it."""
_RESERVED: Final = frozenset({"versions"})
_PUBLISHED_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+/-]*[A-Za-z0-9_+-])?\Z")
_ADDRESS = re.compile(r"""https?://[^\s/?#<>"{}|\\^`][^\s<>"{}|\\^`]*\Z""")


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one property: all its values, or what is added and what removed."""

    values: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def new(self) -> tuple[str, ...]:
        """What is asked for, whether or not it is there already."""
        return self.values if self.values is not None else self.add


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for, as they wrote it.

    scheme   the name of a vocabulary; for a new term
    concept  the IRI of a concept, or its address here; for a change or a deprecation
    id       the last part of the IRI of a new term; by default made from notation or label
    said     name of a property, as in `PROPERTIES`, to what is said about it
    """

    kind: Kind
    scheme: str = ""
    concept: str = ""
    id: str = ""
    said: Mapping[str, Said] = field(default_factory=dict)


def plan_of(asked: Asked, vocabularies: Vocabularies, bases: Iterable[str]) -> Plan:
    """Return what a proposal would do.

    bases  addresses under which this catalog ran: pages of concepts there stand for the concepts

    Raises NotFound for a vocabulary or concept that is not there, WrongState where a concept is
    deprecated already, and NotAcceptable with every trouble in `errors`.
    """
    checking = _Checking(asked, vocabularies, tuple(bases))
    made = checking.plan()
    if checking.troubles.found:
        raise refused(checking.troubles.found)
    return made


def concept_id(notation: str) -> str:
    """Return the last part of a concept's IRI, by the contract's rule.

    >>> concept_id("env.count.*"), concept_id("/sensing/air_quality")
    ('env.count.any', 'sensing-air_quality')
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", notation.replace("*", "any")).strip("-")


def namespace_of(scheme: Scheme) -> str:
    """Return what the IRIs of a scheme's concepts begin with: ours, or their publisher's."""
    own = f"{scheme.iri}/"
    if not scheme.concepts or any(iri.startswith(own) for iri in scheme.concepts):
        return own
    first, last = min(scheme.concepts), max(scheme.concepts)
    differs = (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(differs, len(first))].rpartition("/")[0] + "/"


def iri_of(text: str, bases: Iterable[str]) -> str:
    """Return the IRI that a name stands for: an address here is the concept's, others are kept."""
    for base in bases:
        if text.startswith(f"{base}vocab/"):
            return VOCAB + text.removeprefix(f"{base}vocab/")
    return text


def asked_again(plan: Plan, vocabularies: Vocabularies) -> Asked:
    """Return what a plan asks for, to be looked through by the vocabularies as they are now.

    What it would remove and somebody else has removed in the meantime is not asked for again.
    """
    row = vocabularies.row(plan.concept) or {}
    said = {}
    for one in PROPERTIES.values():
        if (difference := plan.differences.get(one.iri)) is not None:
            now = row.get(f"<{one.iri}>", ())
            gone = (term for term in difference.removed if term in now)
            said[one.name] = Said(
                add=tuple(map(_written, difference.added)), remove=tuple(map(_written, gone))
            )
    if plan.kind is not Kind.TERM:
        return Asked(plan.kind, concept=plan.concept, said=said)
    scheme = vocabularies.scheme(plan.scheme)
    name = plan.concept.removeprefix(namespace_of(scheme)) if scheme else ""
    return Asked(plan.kind, plan.scheme, id=name, said=said)


def _written(term: str) -> str:
    return literal(term).text if term[0] == '"' else term[1:-1]


class _Checking:
    """One proposal being looked through; troubles gather, so that all are told at once."""

    def __init__(self, asked: Asked, vocabularies: Vocabularies, bases: tuple[str, ...]) -> None:
        self.troubles = Troubles(vocabularies)
        self._asked = asked
        self._vocabularies = vocabularies
        self._bases = bases

    def plan(self) -> Plan:
        """Return the plan, which counts only if there is no trouble."""
        makers: dict[Kind, Callable[[], Plan]] = {
            Kind.TERM: self._term,
            Kind.CHANGE: self._change,
            Kind.DEPRECATION: self._deprecation,
        }
        return makers[self._asked.kind]()

    # -- the three kinds

    def _term(self) -> Plan:
        added = {name: self._terms(PROPERTIES[name], said.new)
                 for name, said in self._asked.said.items()}  # fmt: skip
        for name in _ABSENT:
            if not added.get(name):
                self.troubles.tell_missing(name, _ABSENT[name])
        label = _first(added, "prefLabel")
        name = self._name_of(added, label)
        iri = namespace_of(self._scheme) + name if name else ""
        known = self._vocabularies.concept(iri)
        rules = self._rules("" if known else iri, {}, label)
        for one, terms in added.items():
            rules.check(PROPERTIES[one], terms, len(terms))
        if known and not any(one.concept == known.iri for one in self.troubles.found):
            self.troubles.tell_in_use("id", "id-in-use", f"The id {name} is in use", known)
        if not added.get("notation"):
            added["notation"] = (term_of_text(name),)
        found = {PROPERTIES[name].iri: Difference((), said) for name, said in added.items() if said}
        return Plan(self._asked.kind, self._scheme.name, iri, label, found)

    def _change(self) -> Plan:
        row = self._vocabularies.row(self._concept.iri) or {}
        found: dict[str, Difference] = {}
        new = self._asked.said.get("prefLabel", Said()).new
        rules = self._rules(self._concept.iri, row, new[0].strip() if new else self._concept.label)
        for name, said in self._asked.said.items():
            one = PROPERTIES[name]
            now = tuple(term for term in row.get(f"<{one.iri}>", ()) if one.shows(term))
            difference = self._difference(one, said, now)
            left = [term for term in now if term not in difference.removed]
            rules.check(one, difference.added, len(left) + len(difference.added))
            if name in _ABSENT and now and not (left or difference.added):
                self.troubles.tell_missing(name, _ABSENT[name])
            if difference != Difference():
                found[one.iri] = difference
        if not found and not self.troubles.found:
            self.troubles.tell(
                "why", "nothing-changes", "This would change nothing; say what would."
            )
        return self._plan(found)

    def _deprecation(self) -> Plan:
        concept = self._concept
        if concept.deprecated:
            raise WrongState(f"{concept.label} is deprecated already.", concept=concept.iri)
        one = PROPERTIES["replaced_by"]
        said = self._asked.said.get(one.name, Said())
        added = self._terms(one, said.new)
        self._rules(concept.iri, {}, concept.label).check(one, added, len(added))
        found = {DEPRECATED: Difference((), (TRUE,))}
        if added:
            found[one.iri] = Difference((), added)
        return self._plan(found)

    def _plan(self, found: Mapping[str, Difference]) -> Plan:
        concept = self._concept
        return Plan(self._asked.kind, self._scheme.name, concept.iri, concept.label, found)

    def _difference(self, one: Property, said: Said, now: tuple[str, ...]) -> Difference:
        if said.values is not None:
            wanted = self._terms(one, said.values)
            return Difference(
                tuple(term for term in now if term not in wanted),
                tuple(term for term in wanted if term not in now),
            )
        gone = self._terms(one, said.remove)
        for term in gone:
            if term not in now:
                self.troubles.tell(
                    one.name, "not-there", f"The term has no {shown(term)} to remove."
                )
        added = tuple(term for term in self._terms(one, said.add) if term not in now)
        return Difference(gone, added)

    def _rules(self, iri: str, row: Row, name: str) -> TermRules:
        return TermRules(
            self._vocabularies, self._scheme, self.troubles, iri=iri, row=row, name=name
        )

    # -- what it is about

    @cached_property
    def _scheme(self) -> Scheme:
        if self._asked.kind is Kind.TERM:
            name = self._asked.scheme
        else:
            name = self._vocabularies.scheme_of(self._concept.iri) or ""
        found = self._vocabularies.scheme(name)
        if found is None:
            raise NotFound("There is no vocabulary of that name; /vocab lists all of them.")
        return found

    @cached_property
    def _concept(self) -> Concept:
        found = self._vocabularies.concept(iri_of(self._asked.concept.strip(), self._bases))
        if found is None:
            raise NotFound("There is no concept of that name in any vocabulary.")
        return found

    def _name_of(self, added: Mapping[str, tuple[str, ...]], label: str) -> str:
        """Return the end of the IRI of a new term: as asked for, else by notation or label."""
        said, notation = self._asked.id.strip(), _first(added, "notation")
        own = namespace_of(self._scheme) == f"{self._scheme.iri}/"
        made = said or notation or label.lower()
        name = made if said or not own else concept_id(made)
        if made:
            self._check_id(name, own=own, notation=notation if own else "")
        return name

    def _check_id(self, name: str, *, own: bool, notation: str) -> None:
        if len(name) > PROPERTIES["notation"].longest:
            self.troubles.tell("id", "long-text", "An id has at most 200 characters.")
        elif own and (not name or concept_id(name) != name):
            self.troubles.tell(
                "id",
                "concept-iri",
                "An id consists of A-Z a-z 0-9 . _ and -, and does not end in -.",
            )
        elif own and set(name) <= {"."}:
            self.troubles.tell("id", "concept-iri", "An id has a letter or a digit.")
        elif not own and not _PUBLISHED_ID.match(name):
            self.troubles.tell("id", "concept-iri", "The id is the end of the publisher's own IRI.")
        elif own and notation and concept_id(notation) != name:
            wanted = concept_id(notation)
            self.troubles.tell(
                "id", "concept-iri", f"By its notation the term has the id {wanted}."
            )
        elif name in _RESERVED:
            self.troubles.tell("id", "reserved-name", f"No term is named {name}.")

    # -- values

    def _terms(self, one: Property, values: Iterable[str]) -> tuple[str, ...]:
        """Return values as terms, each once; what is wrong becomes a trouble instead."""
        found: dict[str, None] = {}
        for value in values:
            text = value.strip()
            if text and (term := self._term_of(one, text)) is not None:
                found[term] = None
        return tuple(found)

    def _term_of(self, one: Property, text: str) -> str | None:
        if (wrong := wrong_text(text, one.longest)) is not None:
            self.troubles.tell(one.name, *wrong)
            return None
        if one.form is Form.WORDS:
            return term_of_text(text, "en")
        if one.form is Form.CODE:
            return term_of_text(text)
        if one.form is Form.SOURCE:
            return f"<{text}>" if is_address(text) else term_of_text(text)
        return self._concept_named(one, text)

    def _concept_named(self, one: Property, text: str) -> str | None:
        """Return the concept that a text names: by IRI, address here, or as in this vocabulary."""
        iri = iri_of(text, self._bases)
        if self._vocabularies.concept(iri) is not None:
            return f"<{iri}>"
        if one.form is Form.MAPPING and is_address(iri) and not iri.startswith(VOCAB):
            return f"<{iri}>"
        rule = "replaced-by-nothing" if one.name == "replaced_by" else "relation-to-nothing"
        found = [] if "://" in text else list(self._called(text))
        if len(found) == 1:
            return f"<{found[0]}>"
        if found:
            self.troubles.tell(
                one.name, "ambiguous", f"Several terms are called {text}; give an IRI."
            )
        else:
            self.troubles.tell(one.name, rule, f"{text} is no term of any vocabulary here.")
        return None

    def _called(self, text: str) -> Iterator[str]:
        """Yield what a short name means: `scheme/id`, or id, notation or label in this scheme."""
        direct = [VOCAB + text] if "/" in text else []
        direct.append(namespace_of(self._scheme) + text)
        for iri in direct:
            if self._vocabularies.concept(iri) is not None:
                yield iri
                return
        for iri in self._scheme.concepts:
            known = self._vocabularies.concept(iri)
            if known and text in (known.notation, *(label.text for label in known.labels)):
                yield known.iri


def _first(added: Mapping[str, tuple[str, ...]], name: str) -> str:
    """Return the text of the first value of a property, "" where there is none."""
    return literal(added[name][0]).text if added.get(name) else ""


def wrong_text(text: str, longest: int) -> tuple[str, str] | None:
    """Return rule and sentence for a text that no value may be, None for a good one."""
    if len(text) > longest:
        return "long-text", f"This has {len(text):,} characters; {longest:,} are the most."
    for character in text:
        if not character.isprintable():
            told = f"This holds U+{ord(character):04X}, which is no printable character."
            return "unprintable-characters", told
    if not unicodedata.is_normalized("NFC", text):
        told = "This is not in Unicode normal form C: a letter and its accent are kept as one."
        return "normal-form", told
    return None


def is_address(text: str) -> bool:
    """Tell whether a text is an IRI that may stand in a file."""
    if not _ADDRESS.match(text):
        return False
    try:
        list(ox.parse(f"<x:s> <x:p> <{text}> .", format=ox.RdfFormat.N_TRIPLES))
    except SyntaxError:
        return False
    return True
