"""A citation as CSL-JSON, which citation processors and reference managers read."""

from typing import Any, Final

from catalog.domain.exporting.citations import Author, Cited

FORM: Final = "application/vnd.citationstyles.csl+json"


def csl(said: Cited) -> dict[str, Any]:
    """Return the item of CSL-JSON 1.0.2."""
    members: dict[str, Any] = {
        "id": said.key,
        "type": said.form.get("cslType", "document"),
        "author": [_name(author) for author in said.authors],
        "title": said.title,
        "issued": {"date-parts": [[said.year]]} if said.year else None,
        "version": said.version,
        "publisher": said.publisher,
        "genre": said.kind,
        "DOI": said.lasting_doi,
        "URL": said.url,
        "abstract": said.abstract,
        "keyword": ", ".join(said.keywords),
        "language": said.language,
        "note": "; ".join(said.notes),
    }
    return {name: value for name, value in members.items() if value}


def _name(author: Author) -> dict[str, str]:
    if not author.given:
        return {"literal": author.family}
    return {"family": author.family, "given": author.given}
