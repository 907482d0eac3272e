"""Citations as files, for reference managers and citation processors."""

import csv
import io
import json
from typing import Any, Final

from catalog.domain.exporting.bibtex import bibtex
from catalog.domain.exporting.citations import STYLES, cited
from catalog.domain.exporting.csl import csl
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.jats import jats
from catalog.domain.exporting.ris import ris

CSV: Final = "text/csv"


def bib(exported: Exported) -> bytes:
    """Return the BibTeX entry of the version at hand."""
    return bibtex(cited(exported)).encode()


def ris_record(exported: Exported) -> bytes:
    """Return the RIS record of the version at hand."""
    return ris(cited(exported)).encode()


def csl_json(exported: Exported) -> bytes:
    """Return the version at hand as one item of CSL-JSON."""
    return csl_written(csl(cited(exported))).encode()


def csl_written(item: dict[str, Any]) -> str:
    """Return an item of CSL-JSON as a text that can be read."""
    return json.dumps(item, ensure_ascii=False, indent=2) + "\n"


def in_words(exported: Exported, style: str) -> str:
    """Return the citation in one of `STYLES`, on one line."""
    return f"{STYLES[style](cited(exported))}\n"


def jats_xml(exported: Exported) -> bytes:
    """Return the version at hand as a citation of JATS."""
    return jats(cited(exported))


def table_row(exported: Exported) -> bytes:
    """Return the version at hand as a table of one row below the names of its columns."""
    said = cited(exported)
    columns = {
        "doi": said.doi,
        "url": said.url,
        "year": str(said.year or ""),
        "resource_type_general": said.general,
        "resource_type": said.kind,
        "title": said.title,
        "author": "; ".join(author.whole for author in said.authors),
        "publisher": said.publisher,
        "version": said.version,
        "note": "; ".join(said.notes),
    }
    table = io.StringIO()
    csv.writer(table).writerows((columns.keys(), columns.values()))
    return table.getvalue().encode()
