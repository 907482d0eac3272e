"""How the page of an item says to cite it: the styles in words, and the formats of programs."""

from dataclasses import dataclass
from typing import Final

from flask import request

from catalog.domain.errors import Unreadable
from catalog.domain.exporting import bibtex, csl, ris
from catalog.domain.exporting.citation_forms import csl_written, in_words
from catalog.domain.exporting.citations import STYLES, Cited, Sentence, apa, datacite_style
from catalog.domain.exporting.exported import Exported

BIBLIOGRAPHY: Final = "text/x-bibliography"


@dataclass(frozen=True, slots=True)
class Citing:
    """One way to cite an item, as a tab of its page.

    sentence  in words; None for a format of programs
    text      in that format, "" for words
    suffix    under which the same can be downloaded, or ""
    """

    label: str
    sentence: Sentence | None = None
    text: str = ""
    suffix: str = ""


def ways(said: Cited) -> tuple[Citing, ...]:
    """Return every way to cite an item, the recommended one first."""
    return (
        Citing("DataCite", datacite_style(said)),
        Citing("APA", apa(said)),
        Citing("BibTeX", text=bibtex.bibtex(said), suffix="bib"),
        Citing("RIS", text=ris.ris(said).replace("\r\n", "\n"), suffix="ris"),
        Citing("CSL-JSON", text=csl_written(csl.csl(said)), suffix="csl.json"),
    )


def bibliography(exported: Exported) -> bytes:
    """Return the citation in the style that the request names, that of DataCite by default.

    The words around it are English, whatever `locale` asks for. Raises Unreadable for a style
    that is not written here.
    """
    style = request.args.get("style") or next(iter(STYLES))
    if style not in STYLES:
        offered = " or ".join(STYLES)
        raise Unreadable(f"style is {offered}; others can be made of .csl.json.", parameter="style")
    return in_words(exported, style).encode()
