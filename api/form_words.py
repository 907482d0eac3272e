"""Values as people type them and as terms of RDF: each way, without judging what is typed.

What does not fit its field becomes a term all the same, as far as a description can hold it; the
shapes say then what is wrong with it, in the same words as everywhere else.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from api.form_fields import Ask, Control
from api.form_terms import Offers, offers
from api.naming import Naming
from catalog.domain.description import XSD, is_literal, literal, term_of_text
from catalog.domain.fields import NOT_STATED, Field
from catalog.domain.identifiers import RECORD, is_id

STRING: Final = f"{XSD}string"
_TERMS: Final = frozenset({Control.CHOICE, Control.CHECKS, Control.TERM, Control.PICK})
_ADDRESSES: Final = frozenset({Control.ADDRESS, Control.PART, Control.PICK})
_BY_IRI: Final = frozenset({Control.CHOICE, Control.CHECKS})
_LONGEST_IRI: Final = 2048
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+\Z")
_FRAGMENT = re.compile(r"#[^\s<>\"{}|\\^`#]+\Z")
_DOI = re.compile(r"(?:doi:)?(10\.\d{4,9}/\S+)\Z", re.IGNORECASE)
_LITERAL = re.compile(
    r'"(?:[^"\\\n\r]|\\.)*"(?:@[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\^\^<[^<>"\s]+>)?\Z', re.DOTALL
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\Z")
_KINDS_OF_NUMBER: Final = (
    (re.compile(r"[+-]?\d+\Z"), ("integer", "nonNegativeInteger", "positiveInteger", "decimal")),
    (re.compile(r"[+-]?\d*\.\d+\Z"), ("decimal", "double", "float")),
    (re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+\Z"), ("double", "float")),
)
_KINDS_OF_DATE: Final = (
    (re.compile(r"\d{4}\Z"), "gYear"),
    (re.compile(r"\d{4}-\d\d\Z"), "gYearMonth"),
    (re.compile(r"\d{4}-\d\d-\d\d\Z"), "date"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d"), "dateTime"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Words:
    """Turns what is typed into terms and back, for one reader of one catalog.

    base  the address of the catalog, ending in a slash
    """

    naming: Naming
    base: str

    def offers(self, ask: Ask) -> Offers:
        """Return the terms that a field offers."""
        return offers(self.naming, ask.field.schemes)

    def shown(self, ask: Ask, term: str) -> tuple[str, str]:
        """Return a term as it stands in its control: the text, and the tag of its language."""
        if is_literal(term):
            text, language, _ = literal(term)
            return tidy(text), language or ""
        iri = term[1:-1]
        if ask.control in _TERMS and ask.control not in _BY_IRI:
            return self.offers(ask).label(iri), ""
        opening = _opening(ask.field.pattern)
        return (iri.removeprefix(opening) if opening.endswith(":") else iri), ""

    def term(self, ask: Ask, text: str, language: str = "", was: str = "") -> str:
        """Return the term that is meant by what stands in a control; "" for nothing.

        was  the term that stood there before, which is kept to the letter if nothing was changed
        """
        text = tidy(text)
        if was and self._still(ask, was, text, language):
            return was
        if not text:
            return ""
        if ask.control in _TERMS and (found := self._chosen(ask, text)):
            return found
        may_be_iri = ask.control in _ADDRESSES or ask.field.node_kind == "IRI" or ask.kinds
        found = self.address(ask.field, text) if may_be_iri else ""
        return found or _literal(ask, text, language, was)

    def _still(self, ask: Ask, was: str, text: str, language: str) -> bool:
        shown, tag = self.shown(ask, was)
        if shown == text and tag.casefold() == language.casefold():
            return True
        return (
            ask.control in _TERMS and not is_literal(was) and self.offers(ask).fits(was[1:-1], text)
        )

    def _chosen(self, ask: Ask, text: str) -> str:
        if text in ask.field.allowed or text == NOT_STATED:
            return text
        found = self.offers(ask).meant(text)
        if found is None and _ADDRESS.match(text):
            return self.address(ask.field, text)
        return f"<{found}>" if found else ""

    def address(self, field: Field, text: str) -> str:
        """Return an address, a part (`#name`), an item's id or a DOI as an IRI; "" for others."""
        opening = _opening(field.pattern)
        if opening and not _ADDRESS.match(text) and _fits(field.pattern, opening + text):
            return iri_term(opening + text)
        if _FRAGMENT.match(text):
            return f"<{text}>" if iri_term(f"x:{text}") else ""
        if is_id(text):
            return f"<{self.base}items/{text}>"
        if found := _DOI.match(text):
            return iri_term(f"https://doi.org/{found[1]}")
        return iri_term(text) if _ADDRESS.match(text) else ""


def tidy(text: str) -> str:
    """Return a text as it is compared: lines end one way, nothing blank around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def without_control_characters(text: str) -> str:
    """Return a text without what nobody can type or see."""
    return _CONTROL.sub("", text)


def iri_term(iri: str) -> str:
    """Return an IRI as a term; "" where it is none."""
    if len(iri) > _LONGEST_IRI:
        return ""
    try:
        return str(ox.NamedNode(iri))
    except ValueError:
        return ""


def known_term(text: str) -> str:
    """Return a term as a form carries it in a hidden field; "" where it was tampered with."""
    if text.startswith("<#") or text == "<>":
        return text if text == "<>" or iri_term(f"x:{text[1:-1]}") == f"<x:{text[1:-1]}>" else ""
    if text[:1] == "<" and text[-1:] == ">":
        return text if iri_term(text[1:-1]) == text else ""
    return text if _LITERAL.match(text) else ""


def into_form(term: str, item: str, base: str) -> str:
    """Return a term of the record as a form carries it: the item is `<>`, its parts `<#name>`."""
    if term[0] != "<":
        return term
    if term.startswith((f"<{item}>", f"<{item}#")):
        return f"<{term[len(item) + 1 :]}"
    return f"<{base}{term[len(RECORD) + 1 :]}" if term.startswith(f"<{RECORD}") else term


def as_told(term: str, base: str) -> str:
    """Return a term of a form as findings tell it: items by their id, long ones cut."""
    here = f"<{base}items/"
    told = f"<{term[len(here) :]}" if term.startswith(here) else term
    return told if len(told) <= 300 else f"{told[:299]}…"


@lru_cache(maxsize=512)
def _opening(pattern: str | None) -> str:
    """Return what every address of a pattern begins with: `^mailto:.+` gives `mailto:`."""
    if not pattern or not pattern.startswith("^"):
        return ""
    found = re.match(r"\^((?:[A-Za-z0-9:/_-]|\[\.\]|\\\.)*)", pattern)
    opening = found[1].replace("[.]", ".").replace("\\.", ".") if found else ""
    rest = pattern[found.end() :] if found else ""
    # A letter that may be left out or repeated is not what every address begins with.
    return opening[:-1] if rest[:1] in "?*+{|" and rest else opening


def _fits(pattern: str | None, text: str) -> bool:
    try:
        return pattern is not None and len(text) < _LONGEST_IRI and bool(re.search(pattern, text))
    except re.error:
        return False


def _literal(ask: Ask, text: str, language: str, was: str) -> str:
    field = ask.field
    if (ask.has_language or _had_language(was)) and _is_language(language):
        return term_of_text(text, language)
    if ask.control is Control.FLAG:
        return term_of_text(text, None, f"{XSD}boolean")
    kind = _kind_of(field.datatypes, text) or _kind_before(field, was)
    if _THOUSANDS.match(text) and ask.control is Control.NUMBER:
        text = text.replace(",", "")
        kind = _kind_of(field.datatypes, text)
    if not kind and field.datatypes and STRING not in field.datatypes and not ask.has_language:
        kind = field.datatypes[0]
    if kind == f"{XSD}dateTime":
        text = text.replace(" ", "T", 1)
    return term_of_text(text, None, kind if kind and kind != STRING else None)


def _is_language(tag: str) -> bool:
    try:
        return bool(ox.Literal("", language=tag).language) if tag else False
    except ValueError:
        return False


def _had_language(was: str) -> bool:
    return was[:1] == '"' and literal(was).language is not None


def _kind_before(field: Field, was: str) -> str | None:
    if was[:1] != '"':
        return None
    before = literal(was).datatype
    return before if before in field.datatypes else None


def _kind_of(datatypes: tuple[str, ...], text: str) -> str | None:
    """Return the datatype, among those that a field takes, of what looks like number or date."""
    for shape, kinds in _KINDS_OF_NUMBER:
        if shape.match(text) and (found := _first(kinds, datatypes)):
            return found
    for shape, name in _KINDS_OF_DATE:
        if shape.match(text) and (found := _first((name,), datatypes)):
            return found
    return None


def _first(names: tuple[str, ...], datatypes: tuple[str, ...]) -> str | None:
    return next((f"{XSD}{name}" for name in names if f"{XSD}{name}" in datatypes), None)
