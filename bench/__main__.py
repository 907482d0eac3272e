"""Take every figure, or those named: `python -m bench [validation|validating|...]...`."""

import json
import sys
import tempfile
from pathlib import Path

from bench import (
    authorizing,
    exports,
    harvesting,
    impact,
    landing,
    listing,
    publication,
    serving,
    sparql,
    transfer,
    validating,
    validation,
    vocabularies,
)
from bench.catalogs import fill, running
from bench.table import Figure, show

_ALL = (
    "authorizing",
    "validation",
    "validating",
    "vocabularies",
    "impact",
    "serving",
    "landing",
    "listing",
    "publication",
    "transfer",
    "exports",
    "sparql",
    "harvesting",
)
_ITEMS = 10_000


def main(wanted: list[str]) -> int:
    """Print the tables; the exit code is 1 where a figure was missed."""
    names = wanted or list(_ALL)
    if unknown := set(names) - set(_ALL):
        print(f"There are no figures on {', '.join(sorted(unknown))}; choose {', '.join(_ALL)}.")
        return 2
    taken: list[Figure] = []

    def take(title: str, figures: list[Figure]) -> None:
        show(title, figures)
        taken.extend(figures)

    if {"validation", "serving"} & set(names):
        lines = validation.figures()
        take("Validation of one item", lines)
    if "validating" in names:
        take("Validation of many items", validating.figures())
    if "vocabularies" in names:
        take("Vocabularies", vocabularies.figures())
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        if {"serving", "landing", "transfer"} & set(names):
            with running(folder / "data") as catalog:
                if "serving" in names:
                    take("Landing pages", serving.landing_pages(catalog))
                    take("Validation over HTTP", serving.validation(catalog, lines[0].peer or 0))
                    take("Submission", serving.submission(catalog, folder))
                if "landing" in names:
                    take("Items by form", landing.figures(catalog))
                if "transfer" in names:
                    take("Files", transfer.figures(catalog, folder))
        if "authorizing" in names:
            with running(folder / "authorizing"):
                pass
            take("Authorizing", authorizing.figures(folder / "authorizing"))
        if "listing" in names:
            with running(folder / "listed") as catalog:
                take(f"An item of {listing.FILES:,} files", listing.figures(catalog))
        if "publication" in names:
            with running(folder / "publishing") as catalog:
                take("Publication", publication.figures(catalog))
        if "impact" in names:
            with running(folder / "impact"):
                pass
            fill(folder / "impact", impact.ITEMS)
            take("Impact of a release", impact.figures(folder / "impact"))
        if "exports" in names:
            with running(folder / "exported"):
                pass
            fill(folder / "exported", _ITEMS)
            take(f"Exports of {_ITEMS:,} items", exports.figures(folder / "exported"))
        if "sparql" in names:
            with running(folder / "many"):
                pass
            fill(folder / "many", _ITEMS)
            with running(folder / "many") as catalog:
                item = json.loads(catalog.get("/items?type=model&limit=1"))["items"][0]["id"]
                take(f"SPARQL at {_ITEMS:,} items", sparql.figures(catalog, item))
        if "harvesting" in names:
            with running(folder / "harvested"):
                pass
            fill(folder / "harvested", _ITEMS)
            harvesting.announce_copies(folder / "harvested")
            with running(folder / "harvested") as catalog:
                figures = harvesting.figures(catalog, _ITEMS)
            take(f"Harvesting at {_ITEMS:,} items", figures)
    missed = [one.name for one in taken if not one.good]
    print(f"\n{len(taken) - len(missed)} of {len(taken)} figures reached.")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
