"""How to get at an item from a program: lines to copy, for three ways of working."""

import shlex
from collections.abc import Sequence


def snippets(
    address: str, files: Sequence[str], *, is_open: bool, is_here: bool
) -> tuple[tuple[str, str], ...]:
    """Return the lines for each way: the name of the way, and the lines.

    address  the item's own address
    files    addresses of files to fetch
    is_open  whether everybody may read it; otherwise the lines send a token
    is_here  whether the files are kept here, and so are open as the item is
    """
    return (
        ("curl", _curl(address, files, is_open=is_open, is_here=is_here)),
        ("Python", _python(address, is_open=is_open)),
        ("Command line", _command(address)),
    )


def _curl(address: str, files: Sequence[str], *, is_open: bool, is_here: bool) -> str:
    token = "" if is_open else ' \\\n  -H "Authorization: Bearer $SAGE_CATALOG_TOKEN"'
    lines = [
        "# this description, as Turtle",
        f"curl -H 'Accept: text/turtle' {shlex.quote(address)}{token}",
    ]
    for file in files:
        where = "as it is kept here" if is_here else "from where it lies"
        lines += ["", f"# a file, {where}", f"curl -LO {shlex.quote(file)}"]
        lines[-1] += token if is_here else ""
    return "\n".join(lines)


def _python(address: str, *, is_open: bool) -> str:
    token = "" if is_open else ', "Authorization": f"Bearer {token}"'
    lines = [
        "import json",
        "from urllib.request import Request, urlopen",
        "",
        "item = json.load(urlopen(Request(",
        f'    "{address}",',
        f'    headers={{"Accept": "application/json"{token}}},',
        ")))",
        'print(item["title"])',
        'for file in item["files"]:',
        '    print(file["name"], file["size_bytes"], file["url"])',
    ]
    if not is_open:
        lines[1:1] = ["import os"]
        lines[4:4] = ['token = os.environ["SAGE_CATALOG_TOKEN"]']
    return "\n".join(lines)


def _command(address: str) -> str:
    base = address.partition("items/")[0].rstrip("/")
    asked = shlex.quote(f"DESCRIBE <{address}>")
    return "\n".join(
        (
            "# what the graph says about it, from anywhere",
            f"sage-catalog query --url {shlex.quote(base)} --format ttl \\",
            f"  {asked}",
        )
    )
