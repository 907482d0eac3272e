"""The one page for people: what the sandbox is, and which DOIs it holds."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from flask import Blueprint, Response, current_app, request

from catalog.sandbox.registrar import Registrar
from catalog.sandbox.states import DRAFT
from catalog.sandbox.store import Kept

routes = Blueprint("pages", __name__)

_MOST: Final = 1_000
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Sandbox registrar</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
caption {{ text-align: left; padding-block: .5rem; }}
th, td {{ border-bottom: 1px solid color-mix(in srgb, currentcolor 25%, transparent);
  padding: .4rem .6rem .4rem 0; text-align: left; vertical-align: top; }}
td:nth-child(3) {{ min-width: 12rem; overflow-wrap: anywhere; }}
.scroll {{ overflow-x: auto; }}
</style>
</head>
<body>
<main>
<h1>Sandbox registrar</h1>
<p><strong>This is a sandbox.</strong> Its DOIs resolve here and nowhere else: nobody outside knows
them, and they must not be cited. It answers as the REST API of DataCite does.</p>
<div class="scroll" role="region" aria-label="DOIs" tabindex="0">
<table>
<caption>{caption}</caption>
<thead><tr><th scope="col">DOI</th><th scope="col">State</th><th scope="col">Title</th>
<th scope="col">Repository</th><th scope="col">Changed (UTC)</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>
</main>
</body>
</html>
"""


@routes.get("/")
def index() -> Response:
    """Show the DOIs, those that nobody but their repository sees without their titles."""
    registrar: Registrar = current_app.extensions["registrar"]
    total = sum(count for _, count in registrar.store.count("1", []))
    newest = registrar.store.select("1", [], "updated DESC, doi", f"LIMIT {_MOST}")
    page = _PAGE.format(caption=_caption(total), rows="\n".join(_rows(newest)))
    content = page.encode("utf-8", "replace")
    return Response(content, content_type="text/html; charset=utf-8", headers=_HEADERS)


def _caption(total: int) -> str:
    if total > _MOST:
        return f"The newest {_MOST:,} of {total:,} DOIs"
    return f"{total:,} DOI{'' if total == 1 else 's'}"


def _rows(kept: list[Kept]) -> Iterator[str]:
    for one in kept:
        name = escape(one.doi)
        if one.state != DRAFT:
            name = f'<a href="{escape(request.url_root)}doi/{escape(_path(one.doi))}">{name}</a>'
        changed = one.updated[:16].replace("T", " ")
        yield (
            f"<tr><td>{name}</td><td>{escape(one.state)}</td><td><bdi>{escape(_title(one))}</bdi></td>"
            f"<td>{escape(one.repository)}</td><td>{escape(changed)}</td></tr>"
        )


def _path(doi: str) -> str:
    """Return a DOI as a path: of what a DOI may hold, nothing has to be written otherwise."""
    return re.sub("[^-._;()/:a-z0-9*~$=]", "", doi)


def _title(one: Kept) -> str:
    if one.state == DRAFT:
        return ""
    titles = one.attributes.get("titles") or [{}]
    return str(titles[0].get("title") or "")[:300] if isinstance(titles[0], dict) else ""
