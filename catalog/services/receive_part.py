"""Receiving one part of a file, where the object store takes none itself."""

from datetime import datetime
from typing import BinaryIO

from catalog.domain.errors import NotAcceptable, WrongState
from catalog.domain.lifecycle import check_files_open
from catalog.domain.permissions import Actor
from catalog.parts import Parts
from catalog.ports import Stored
from catalog.services.uploads import UploadState, find_upload


def receive_part(
    parts: Parts,
    actor: Actor,
    item_id: str,
    upload_id: str,
    n: int,
    source: BinaryIO,
    size_bytes: int,
    *,
    sha256: str | None = None,
    now: datetime,
) -> Stored:
    """Keep part `n` of an upload, in place of what arrived of it before.

    size_bytes  what was announced
    sha256      what was announced of this part, or None

    Raises NotFound, WrongState where the upload is no longer open or its version is frozen,
    NotAcceptable where the part is of another length, ChecksumMismatch, CutShort and NoSpace.
    """
    record, upload = find_upload(parts, actor, item_id, upload_id)
    check_files_open(record.state)
    if upload.state is not UploadState.OPEN or upload.expires < now:
        raise WrongState(f"This upload is {upload.state}; it takes no more parts.")
    part = upload.part(n)
    if size_bytes != part.size_bytes:
        raise NotAcceptable(
            f"Part {n} has {part.size_bytes:,} bytes; {size_bytes:,} were announced.",
            size_bytes=part.size_bytes,
        )
    return parts.objects.put_part(upload.id, part, source, sha256)
