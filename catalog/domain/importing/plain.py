"""Plain JSON, in the words of the context or nearly so, as statements about an item.

What `/context.jsonld` explains is read as JSON-LD would read it. Beyond that a value may be written
as people say it, where only one thing can be meant: a concept by its label, notation or id, a date
or a number as such, an ORCID, a DOI or an address of mail where an IRI is wanted, `not stated`.
What is not clear stays the text that it is, and the shapes say what is wanted instead.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.domain.description import RDF, TYPE, XSD, term_of_text
from catalog.domain.errors import OverLimit, Unreadable
from catalog.domain.fields import NOT_STATED, Field
from catalog.domain.identifiers import is_id
from catalog.domain.importing.carried import Lost
from catalog.domain.importing.lexical import number_as, text_as
from catalog.domain.importing.names import (
    TYPE_KEYS,
    Fields,
    Meaning,
    Names,
    Property,
    expanded,
    is_iri,
    may_be_not_stated,
    names_of,
)

_FOAF = "http://xmlns.com/foaf/0.1/"
_IDENTIFIER = "https://schema.org/identifier"
_LANG_STRING = f"{RDF}langString"
_STRING = f"{XSD}string"
_NAMED_AGENT = re.compile(r"\s*([^<>@]+?)\s*<(https?://(?:orcid|ror)\.org/[^<>\s]+)>\s*")
_MAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[A-Za-z]{2,}")
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_DOI = re.compile(r"(?:doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_LIKE_AN_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{10}")
_MOST_LINES = 10_001


@dataclass
class Said:
    """What a document says.

    lines     statements as N-Triples without the dots, in the order of the document
    pointers  for each the JSON Pointer of the value that says it
    lost      what says nothing here, and why
    read_as   what was taken to mean something that it does not literally say
    """

    lines: list[str] = field(default_factory=list)
    pointers: list[str] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    read_as: list[Lost] = field(default_factory=list)


def said_by(document: Mapping[str, Any], library: Meaning, *, base: str) -> Said:
    """Return what a document says about the item `base`.

    document  an object as JSON or YAML has it; see `Carried.document`

    Raises Unreadable, with the pointer, for an IRI or a language tag that is none.
    """
    walk = _Walk(names_of(library), base)
    walk.item(document)
    return walk.said


class _Walk:
    """One walk over a document."""

    def __init__(self, names: Names, base: str) -> None:
        self.names = names
        self.base = base
        self.said = Said()
        self.blank = 0
        self.labels: dict[str, str] = {}
        self.is_exact = False

    # -- things

    def item(self, document: Mapping[str, Any]) -> None:
        """Say what the whole says."""
        subject = f"<{self.base}>"
        self.is_exact = "@context" in document
        if "@id" in document:
            subject = self._iri(document["@id"], "/@id")
        classes = self._classes(document, (), "")
        fields = self.names.fields(classes) if classes else self.names.item_fields
        self._thing(subject, document, classes, fields, "")

    def _thing(
        self,
        subject: str,
        members: Mapping[str, Any],
        classes: Mapping[str, str],
        fields: Fields,
        pointer: str,
    ) -> None:
        for iri, where in classes.items():
            self._say(subject, TYPE, f"<{iri}>", where)
        for key, value in members.items():
            below = f"{pointer}/{_escaped(key)}"
            if key in TYPE_KEYS or key == "@id" or (key == "id" and pointer and _is_name(value)):
                continue
            if key in ("@context", "$schema") and not pointer:
                continue
            meant = self.names.property_of(key, fields) if key[:1] != "@" else None
            if meant is None:
                self._lose_key(key, fields, below)
            else:
                known = fields.by_path.get(meant.iri)
                if known is None:
                    known = self._elsewhere(key, meant, fields, below)
                self._values(subject, meant, value, known, below)

    def _elsewhere(
        self, key: str, meant: Property, fields: Fields, pointer: str
    ) -> tuple[Field, ...]:
        """Return the fields of a property that this thing does not have, and tell where it is."""
        around = [
            self.names.name_of(path)
            for path, found in fields.by_path.items()
            if any(self._knows(shape, [key]) for one in found for shape in one.parts)
        ]
        if around:
            self._note(pointer, f"{key[:80]} belongs within {' or '.join(around[:3])}, not here.")
        return self.names.every_field.by_path.get(meant.iri, ())

    def _lose_key(self, key: str, fields: Fields, pointer: str) -> None:
        if key[:1] == "@":
            self._lose(pointer, f"{key[:80]} is not read in plain JSON; send JSON-LD for that.")
            return
        near = self.names.near_names(key, fields)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        self._lose(pointer, f"{key[:80]} is the name of no property, so it is left out.{meant}")

    def _classes(
        self, members: Mapping[str, Any], fields: tuple[Field, ...], pointer: str
    ) -> dict[str, str]:
        """Return the IRIs of the classes that a thing says it is of, each with its pointer."""
        found: dict[str, str] = {}
        wanted = tuple(iri for one in fields for iri in one.classes)
        for key in members:
            if key not in TYPE_KEYS:
                continue
            below = f"{pointer}/{_escaped(key)}"
            for where, value in _each(members[key], below):
                if value is None:
                    continue
                name = value.get("@id") if isinstance(value, dict) else value
                iri = self.names.class_of(name, wanted) if isinstance(name, str) else None
                if iri is not None:
                    found.setdefault(iri, where)
                    continue
                near = self.names.near_classes(name) if isinstance(name, str) else []
                meant = f" Did you mean {' or '.join(near)}?" if near else ""
                self._lose(where, f"{_shown(value)} is no type of thing here.{meant}")
        return found

    # -- values

    def _values(
        self, subject: str, meant: Property, value: Any, fields: tuple[Field, ...], pointer: str
    ) -> None:
        if isinstance(value, dict) and "@set" in value:
            value, pointer = value["@set"], f"{pointer}/@set"
        for where, one in _each(value, pointer):
            if isinstance(one, dict):
                self._object(subject, meant, one, fields, where)
            else:
                term = self._term(one, meant, fields, where)
                if term is not None:
                    self._say(subject, f"<{meant.iri}>", term, where)

    def _object(
        self,
        subject: str,
        meant: Property,
        value: Mapping[str, Any],
        fields: tuple[Field, ...],
        pointer: str,
    ) -> None:
        predicate = f"<{meant.iri}>"
        if "@value" in value:
            self._say(subject, predicate, self._literal(value, pointer), pointer)
        elif "@list" in value:
            self._list(subject, meant, value["@list"], fields, f"{pointer}/@list")
        elif list(value) in (["@id"], ["id"]):
            (name,) = value.values()
            self._say(subject, predicate, self._iri(name, pointer), pointer)
        else:
            self._part(subject, predicate, value, fields, pointer)

    def _part(
        self,
        subject: str,
        predicate: str,
        value: Mapping[str, Any],
        fields: tuple[Field, ...],
        pointer: str,
    ) -> None:
        name = value.get("@id", value.get("id") if _is_name(value.get("id")) else None)
        node = self._blank() if name is None else self._iri(name, pointer)
        self._say(subject, predicate, node, pointer)
        classes = self._classes(value, fields, pointer)
        if classes:
            known = self.names.fields(classes)
        else:
            classes, known = self._fitting(value, fields, pointer)
        self._thing(node, value, classes, known, pointer)

    def _fitting(
        self, value: Mapping[str, Any], fields: tuple[Field, ...], pointer: str
    ) -> tuple[dict[str, str], Fields]:
        """Return the class of a part that does not say it, where it can be only one, and fields."""
        shapes = tuple(dict.fromkeys(shape for one in fields for shape in one.parts))
        keys = [key for key in value if key[:1] != "@" and key != "id"]
        fitting = [shape for shape in shapes if self._knows(shape, keys)]
        if len(fitting) != 1 or not keys:
            return {}, self.names.fields_of((), shapes)
        of_class = self.names.parts_of_class
        wanted = [iri for one in fields for iri in one.classes if of_class.get(iri) == fitting[0]]
        wanted += [iri for iri, shape in of_class.items() if shape == fitting[0]]
        if len(shapes) > 1:
            name = self.names.library.shapes.label(fitting[0]) or wanted[0]
            self._note(pointer, f"This was read as: {name}.")
        return {wanted[0]: pointer}, self.names.fields_of((), (fitting[0],))

    def _knows(self, shape: str, keys: Iterable[str]) -> bool:
        fields = self.names.fields_of((), (shape,))
        found = [self.names.property_of(key, fields) for key in keys]
        return all(one is not None and one.iri in fields.by_path for one in found)

    def _list(
        self, subject: str, meant: Property, value: Any, fields: tuple[Field, ...], pointer: str
    ) -> None:
        """Say an RDF list."""
        predicate = f"<{meant.iri}>"
        for where, one in _each(value, pointer):
            cell = self._blank()
            self._say(subject, predicate, cell, where)
            first = Property(f"{RDF}first", meant.kind, meant.is_plain)
            self._values(cell, first, one, fields, where)
            subject, predicate = cell, f"<{RDF}rest>"
        self._say(subject, predicate, f"<{RDF}nil>", pointer)

    # -- terms

    def _term(
        self, value: Any, meant: Property, fields: tuple[Field, ...], pointer: str
    ) -> str | None:
        """Return the term that a plain value is; None for what says nothing."""
        if value is None:
            return None
        datatypes = tuple(dict.fromkeys(kind for one in fields for kind in one.datatypes))
        is_wanted = meant.kind == "@id" or (fields and all(map(_wants_iri, fields)))
        if is_wanted and not isinstance(value, str | bool) and is_id(str(value)):
            value = str(value)
        if isinstance(value, bool | int | float):
            return number_as(value, datatypes, meant.kind, is_plain=meant.is_plain)
        if any(map(may_be_not_stated, fields)) and _means_not_stated(value):
            return NOT_STATED
        if is_wanted:
            meant = Property(meant.iri, "@id")
        schemes = tuple(dict.fromkeys(name for one in fields for name in one.schemes))
        if self.is_exact and datatypes:
            schemes = ()  # Who names the context writes a concept as an IRI, and means a text here.
        if schemes or meant.kind == "@id":
            found = self._named(value, meant, fields, schemes, pointer)
            if found is not None:
                return found
        return text_as(value, datatypes, meant.kind, is_plain=meant.is_plain)

    def _named(
        self,
        value: str,
        meant: Property,
        fields: tuple[Field, ...],
        schemes: tuple[str, ...],
        pointer: str,
    ) -> str | None:
        """Return the IRI that a plain text names, None where it names none, or several."""
        text = value.strip()
        iri = expanded(text)
        if (iri != text or _has_scheme(text)) and not _DOI.fullmatch(text):
            return f"<{iri}>" if is_iri(iri) else None
        found = self.names.concepts(text, schemes) if text else []
        if len(found) == 1:
            concept = self.names.library.vocabularies.concept(found[0])
            if concept is not None:
                self._note(pointer, f"{_shown(value)} was read as {concept.label} <{found[0]}>.")
            return f"<{found[0]}>"
        if found:
            ways = " or ".join(f"<{iri}>" for iri in found[:4])
            self._note(pointer, f"{_shown(value)} may mean {ways}; write the one that is meant.")
            return None
        if meant.kind == "@id" and not schemes:
            return self._address(text, fields, pointer)
        return None

    def _address(self, text: str, fields: tuple[Field, ...], pointer: str) -> str | None:
        """Return what a text means where an IRI is wanted."""
        if not text or text[0] == "#" or _is_like_an_id(text):
            return self._iri(text, pointer)
        if any(one.parts for one in fields) and (agent := _NAMED_AGENT.fullmatch(text)):
            return self._agent(agent[1], agent[2], pointer)
        examples = "".join(one.description for one in fields)
        meant = None
        if _MAIL.fullmatch(text) and "<mailto:" in examples:
            meant = f"mailto:{text}"
        elif _ORCID.fullmatch(text):
            meant = f"https://orcid.org/{text}"
        elif found := _DOI.fullmatch(text):
            meant = f"https://doi.org/{found[1]}"
        if meant is None or not is_iri(meant):
            return None
        self._note(pointer, f"{_shown(text)} was read as <{meant}>.")
        return f"<{meant}>"

    def _agent(self, name: str, address: str, pointer: str) -> str:
        """Say a person with an ORCID, or an organisation with a ROR, and return the part."""
        node = self._blank()
        kind = "Person" if "orcid.org" in address else "Organization"
        self._say(node, TYPE, f"<{_FOAF}{kind}>", pointer)
        self._say(node, f"<{_FOAF}name>", term_of_text(name), pointer)
        self._say(node, f"<{_IDENTIFIER}>", self._iri(address, pointer), pointer)
        return node

    def _literal(self, value: Mapping[str, Any], pointer: str) -> str:
        """Return a literal that is written in full."""
        said, language, kind = value["@value"], value.get("@language"), value.get("@type")
        for key in value:
            if key not in ("@value", "@language", "@type"):
                self._lose(f"{pointer}/{_escaped(key)}", f"{key[:80]} of a value is not read.")
        if isinstance(said, dict | list) or said is None:
            raise Unreadable("A value is a text, a number, true or false.", pointer=pointer)
        if isinstance(kind, str) and kind != _LANG_STRING:
            iri = expanded(kind)
            text = ("true" if said else "false") if isinstance(said, bool) else str(said)
            if not is_iri(iri):
                raise Unreadable(f"{kind[:80]} is the name of no datatype.", pointer=pointer)
            return term_of_text(text, None, iri)
        if not isinstance(said, str):
            return number_as(said, (), None, is_plain=False)
        if language is None:
            return term_of_text(said)
        try:
            return term_of_text(said, str(language))
        except ValueError:
            raise Unreadable(f"{_shown(language)} is no language tag.", pointer=pointer) from None

    def _iri(self, value: Any, pointer: str) -> str:
        """Return a name that is written as one: absolute, prefixed, of a part, of an item."""
        text = value.strip() if isinstance(value, str) else None
        if text is None:
            raise Unreadable("The name of a thing (@id) is a text.", pointer=pointer)
        if text.startswith("_:"):
            return self.labels.get(text) or self.labels.setdefault(text, self._blank())
        if not text or text[0] == "#":
            iri = self.base + text
        elif _is_like_an_id(text):
            iri = self.base.rpartition("/")[0] + "/" + text
        else:
            iri = expanded(text)
        if not is_iri(iri):
            raise Unreadable(f"{_shown(text)} is no IRI.", pointer=pointer)
        return f"<{iri}>"

    def _blank(self) -> str:
        self.blank += 1
        return f"_:b{self.blank}"

    # -- what is said

    def _say(self, subject: str, predicate: str, value: str, pointer: str) -> None:
        if len(self.said.lines) >= _MOST_LINES:
            raise OverLimit(
                f"A description may have {_MOST_LINES - 1:,} statements; this has more.",
                limit="statements",
            )
        self.said.lines.append(f"{subject} {predicate} {value}")
        self.said.pointers.append(pointer)

    def _lose(self, pointer: str, sentence: str) -> None:
        self.said.lost.append(Lost(pointer, sentence))

    def _note(self, pointer: str, sentence: str) -> None:
        self.said.read_as.append(Lost(pointer, sentence))


def _wants_iri(field: Field) -> bool:
    """Tell whether every value of a field is an IRI or a part."""
    if field.datatypes or field.node_kind in {"Literal", "IRIOrLiteral", "BlankNodeOrLiteral"}:
        return False
    return bool(field.node_kind == "IRI" or field.schemes or field.parts or field.classes)


def _each(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Yield the values that a member has, those of lists in lists one by one."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _each(one, f"{pointer}/{number}")
    else:
        yield pointer, value


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return f'"{text[:80]}"' if len(text) <= 80 else f'"{text[:79]}…"'


def _means_not_stated(text: str) -> bool:
    return " ".join(text.split()).casefold() in {"not stated", "notstated", "sage:notstated"}


def _has_scheme(text: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S", text) is not None


def _is_like_an_id(text: str) -> bool:
    """Tell whether a text is the id of an item, or one that was mistyped: the record will tell."""
    return is_id(text) or bool(_LIKE_AN_ID.fullmatch(text) and any(map(str.isdigit, text)))


def _is_name(value: Any) -> bool:
    """Tell whether the value of `id` names a node, and is no identifier in words."""
    return isinstance(value, str) and (value[:1] == "#" or _has_scheme(value))
