"""How to get at an item from a program: lines to copy, for four ways of working."""

import shlex
from collections.abc import Sequence


def snippets(
    address: str,
    files: Sequence[str],
    *,
    is_open: bool,
    is_here: bool,
    has_folders: bool = False,
) -> tuple[tuple[str, str], ...]:
    """Return the lines for each way: the name of the way, and the lines.

    address      the item's own address
    files        addresses of files to fetch
    is_open      whether everybody may read it; otherwise the lines send a token
    is_here      whether the files are kept here, and so are open as the item is
    has_folders  whether names of files kept here have folders in them
    """
    return (
        ("curl", _curl(address, files, is_open=is_open, is_here=is_here)),
        ("Python", _client(address, is_open=is_open, is_here=is_here, has_folders=has_folders)),
        ("Python alone", _python(address, is_open=is_open)),
        ("Command line", _command(address, is_open=is_open, is_here=is_here)),
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


def _client(address: str, *, is_open: bool, is_here: bool, has_folders: bool) -> str:
    base, item_id = _apart(address)
    token = "" if is_open else ', os.environ["SAGE_CATALOG_TOKEN"]'
    lines = [
        "# with the package sage-catalog",
        *(() if is_open else ("import os",)),
        *(("from pathlib import Path",) if is_here and not has_folders else ()),
        f"from catalog.client import Client{', safe_path' if is_here and has_folders else ''}",
        "",
        f'catalog = Client("{base}"{token})',
        f'item = catalog.item("{item_id}")',
        'print(item.said["title"])',
    ]
    if is_here:
        lines += [
            f"for file in catalog.files({item_id!r}):".replace("'", '"'),
            *(
                (
                    '    target = safe_path(file["name"])',
                    "    target.parent.mkdir(parents=True, exist_ok=True)",
                    f'    catalog.download("{item_id}", file, target)',
                )
                if has_folders
                else (f'    catalog.download("{item_id}", file, Path(file["name"]))',)
            ),
        ]
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


def _command(address: str, *, is_open: bool, is_here: bool) -> str:
    base, item_id = _apart(address)
    lines = [] if is_open else ["# the token goes into the variable SAGE_CATALOG_TOKEN"]
    if is_here:
        lines += [
            "# every file kept here, each checked against its SHA-256",
            f"sage-catalog download {item_id} --url {shlex.quote(base)}",
        ]
    if is_open:
        lines += [
            *(("",) if is_here else ()),
            "# what the graph says about it, from anywhere",
            f"sage-catalog query --url {shlex.quote(base)} --format ttl \\",
            f"  {shlex.quote(f'DESCRIBE <{address}>')}",
        ]
    return "\n".join(lines)


def _apart(address: str) -> tuple[str, str]:
    """Return the address of the catalog, without a slash at its end, and the id of the item."""
    base, _, item_id = address.rpartition("/items/")
    return base, item_id
