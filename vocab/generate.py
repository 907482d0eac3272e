"""Make the Turtle of the generated vocabularies, from lists of names and the editors' words.

A maintainer's tool, run when a source list or the editors' words have changed; its output is
committed. Files that are not generated here are written by hand and are left alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from vocab.generator import published, terms
from vocab.generator.turtle import Scheme, with_narrower, write


def generated(terms_json: Path, mime_db: Path) -> Iterator[tuple[str, str]]:
    """Yield file name and content of every generated scheme."""
    known = terms.read(terms_json)
    found: list[Scheme] = [*terms.schemes(known)]
    found.append(published.licenses(known))
    found.append(published.media_types(json.loads(mime_db.read_text()), known))
    for scheme in with_narrower(found):
        yield f"{scheme.id}.ttl", write(scheme)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terms", type=Path, required=True, help="terms.json of Sage's terms")
    parser.add_argument("--mime-db", type=Path, required=True, help="db.json of npm's mime-db")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to fill")
    asked = parser.parse_args()
    for name, content in generated(asked.terms, asked.mime_db):
        (asked.out / name).write_text(content)
        print(name)


if __name__ == "__main__":
    main()
