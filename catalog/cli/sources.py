"""Which files the arguments of a command mean: themselves, patterns, or what folders hold."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog.cli.output import WrongUse
from catalog.cli.reading import is_description

STANDARD_INPUT = "-"


def check(sources: Sequence[str]) -> None:
    """Raise WrongUse unless each argument means at least one file."""
    for source in sources:
        if next(_meant(source), None) is None:
            if Path(source).is_dir():
                raise WrongUse(f"{source} holds no description.")
            raise WrongUse(f"{source} is no file, folder or pattern that matches anything.")


def names(sources: Sequence[str]) -> Iterator[str]:
    """Yield each file that the arguments mean once, as it is met.

    Nothing but the files of one folder is held at a time, unless there are several arguments,
    which may mean the same files.
    """
    if len(sources) == 1:
        yield from _meant(sources[0])
        return
    seen: set[str] = set()
    for source in sources:
        for name in _meant(source):
            if name not in seen:
                seen.add(name)
                yield name


def _meant(source: str) -> Iterator[str]:
    path = Path(source)
    if source == STANDARD_INPUT or path.is_file():
        yield source
    elif path.is_dir():
        yield from _descriptions_in(source)
    else:
        matched = sorted(glob.iglob(source, recursive=True))  # noqa: PTH207 - absolute patterns
        yield from (name for name in matched if Path(name).is_file())


def _descriptions_in(folder: str) -> Iterator[str]:
    """Yield the descriptions in a folder and its folders, sorted, but those that are hidden."""
    try:
        with os.scandir(folder) as entries:
            found = sorted((one.name, one.is_dir(follow_symlinks=False)) for one in entries)
    except OSError:
        # Named all the same: reading it says what is wrong with it.
        yield folder
        return
    for name, is_folder in found:
        if name.startswith("."):
            continue
        # A Path for each would cost more than all the rest.
        inside = name if folder == "." else os.path.join(folder, name)  # noqa: PTH118
        if is_folder:
            yield from _descriptions_in(inside)
        elif is_description(Path(inside)):
            yield inside
