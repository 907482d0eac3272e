"""The page that lies in a package beside its metadata, for whoever opens it without a tool."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.ro_crate import DESCRIPTION, FILES, METADATA, Package
from catalog.domain.exporting.schema_terms import schema_org
from catalog.domain.identifiers import quoted

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{description}</p>
<dl>
{facts}
</dl>
<h2>What is in this package</h2>
<ul>
{contents}
</ul>
</main>
</body>
</html>
"""


def preview(exported: Exported, package: Package) -> bytes:
    """Return the page in HTML: name, description, the first facts, and links to all within."""
    said = schema_org(exported)
    facts = {
        "Creators": ", ".join(_names(said.get("creator", ()))),
        "Licence": ", ".join(_names(_listed(said.get("license")))),
        "Published": said.get("datePublished", ""),
        "Version": said.get("version", ""),
        "Where it is kept": exported.doi_url or exported.iri,
    }
    written = (f"<dt>{escape(key)}</dt><dd>{_shown(str(one))}</dd>" for key, one in facts.items())
    return _PAGE.format(
        title=escape(str(said.get("name", exported.record.title))),
        description=escape(str(said.get("description", ""))),
        facts="\n".join(line for line in written if not line.endswith("<dd></dd>")),
        contents="\n".join(_contents(package)),
    ).encode()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _names(said: Iterable[Any]) -> list[str]:
    return [str(one.get("name", one.get("@id"))) for one in said if isinstance(one, Mapping)]


def _shown(text: str) -> str:
    """Return a text for the page; an address as a link."""
    if text.startswith(("https://", "http://")):
        return f'<a href="{escape(text)}">{escape(text)}</a>'
    return escape(text)


def _contents(package: Package) -> Iterable[str]:
    for name, what in ((METADATA, "RO-Crate"), (DESCRIPTION, "the catalog has it")):
        yield f'<li><a href="{name}">{name}</a>: the description as {what}</li>'
    for member in package.members:
        yield f'<li><a href="{member.folder}">{escape(member.name)}</a></li>'
    for file in package.files:
        size = f"{file.size_bytes:,} bytes"
        yield f'<li><a href="{FILES}{quoted(file.name)}">{escape(file.name)}</a>, {size}</li>'
    for iri in package.elsewhere:
        yield f"<li>{_shown(iri)}</li>"
    for iri in package.closed:
        yield f"<li>{_shown(iri)}: not open to whoever asked for this package</li>"
