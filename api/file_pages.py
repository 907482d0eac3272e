"""The page of the files of an item: folder by folder, or those whose names begin in one way."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from api.frame import Frame
from api.preview import is_previewable
from api.rendering import page_of
from catalog.domain.fixity import Fixity
from catalog.domain.identifiers import quoted
from catalog.domain.lifecycle import Visibility, is_announced
from catalog.domain.record import FileRecord
from catalog.services.browse_files import Contents


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file in its folder; `name` is what the folder's own name does not say."""

    name: str
    href: str
    preview_href: str
    size_bytes: int
    media_type: str
    sha256: str
    fixity: Fixity | None


@dataclass(frozen=True, slots=True)
class FolderLine:
    """A folder in another one."""

    name: str
    href: str
    files_total: int


def files_page(
    frame: Frame,
    *,
    found: Contents,
    n: int | None,
    prefix: str | None,
    cursor: str | None,
) -> str:
    """Return the page.

    n       the version asked for; None for the newest
    prefix  what names were asked to begin with
    cursor  where this page begins, None for the first
    """
    record = found.record
    item = f"{frame.root}items/{record.id}" + (f"/v/{n}" if n is not None else "")
    here = f"{item}/files"
    inside = "" if prefix is not None else found.folder
    asked = {"folder": inside, "prefix": prefix or ""}
    return page_of(
        "files.html",
        frame,
        title=record.title,
        is_open=is_announced(record.published, record.visibility)
        and record.visibility is Visibility.PUBLIC,
        item=item,
        here=here,
        trail=_trail(here, inside),
        folders=tuple(_folder(here, inside, one.name, one.files_total) for one in found.folders),
        files=tuple(_files(item, here, inside, found.files)),
        total=found.total,
        all_files=record.files_total,
        prefix=prefix,
        is_continued=cursor is not None,
        first=_address(here, asked),
        next=_address(here, {**asked, "cursor": found.next}) if found.next else None,
    )


def _trail(here: str, folder: str) -> tuple[tuple[str, str], ...]:
    """Return address and name of each folder from the outermost to the one at hand."""
    names = folder.split("/")[:-1]
    return tuple(
        (_address(here, {"folder": "/".join(names[: depth + 1])}), name)
        for depth, name in enumerate(names)
    )


def _folder(here: str, inside: str, name: str, files_total: int) -> FolderLine:
    short = name[len(inside) :].rstrip("/")
    return FolderLine(short, _address(here, {"folder": name.rstrip("/")}), files_total)


def _files(item: str, here: str, inside: str, files: Iterable[FileRecord]) -> Iterable[FileLine]:
    for file in files:
        name = quoted(file.name)
        yield FileLine(
            name=file.name[len(inside) :],
            href=f"{here}/{name}",
            preview_href=f"{item}/preview/{name}" if is_previewable(file) else "",
            size_bytes=file.size_bytes,
            media_type=file.media_type,
            sha256=file.sha256,
            fixity=file.fixity,
        )


def _address(here: str, asked: dict[str, str]) -> str:
    said = urlencode({name: value for name, value in asked.items() if value})
    return f"{here}?{said}" if said else here
