"""A citation as an entry of BibTeX, out of which no text can break."""

from typing import Final

from catalog.domain.exporting.citations import Cited

FORM: Final = "application/x-bibtex"

_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
_LEFT_OUT: Final = frozenset("{}\\ \t\r\n")


def bibtex(said: Cited) -> str:
    """Return the entry, one line for each field, with a line break at its end."""
    fields = {
        "author": " and ".join(_name(one.family, one.given) for one in said.authors),
        "title": f"{{{escaped(said.title)}}}",
        "year": str(said.year or ""),
        "version": escaped(said.version),
        "publisher": escaped(said.publisher),
        "howpublished": escaped(said.kind),
        "doi": _bare(said.lasting_doi),
        "url": _bare(said.url),
        "keywords": ", ".join(escaped(word.replace(",", " ")) for word in said.keywords),
        "language": _bare(said.language),
        "note": escaped("; ".join(said.notes)),
    }
    width = max(map(len, fields))
    lines = [f"  {name:<{width}} = {{{value}}}" for name, value in fields.items() if value]
    kind = said.form.get("bibtexType", "misc")
    return f"@{kind}{{{said.key},\n" + ",\n".join(lines) + "\n}\n"


def _name(family: str, given: str) -> str:
    """Return a name that BibTeX does not take apart any further.

    What is not a person, and every part that holds a comma or " and ", stands in braces.
    """
    if not given:
        return f"{{{escaped(family)}}}"
    return ", ".join(_protected(part) for part in (family, given))


def _protected(part: str) -> str:
    text = escaped(part)
    return f"{{{text}}}" if "," in part or " and " in f" {part.lower()} " else text


def escaped(text: str) -> str:
    """Return a text on one line for BibTeX, which counts braces even after a backslash."""
    flat = " ".join(text.split())
    return "".join(_SPECIAL.get(character, character) for character in flat)


def _bare(text: str) -> str:
    """Return an address as `url` and `doi` want it: as it is, without what would end the field."""
    return "".join(character for character in text if character not in _LEFT_OUT)
