"""Reading and judging what strangers send, in a jail: the parent's side and the worker's."""

from collections.abc import Collection
from hashlib import sha256
from typing import Any

from catalog.domain.report import Level, Report
from catalog.domain.validation import Judgement
from catalog.jail.pool import Pool


class JailedJudge:
    """Judges descriptions in the workers of `pool` (kind "judge").

    seconds  until a judgement is stopped
    """

    def __init__(self, pool: Pool, *, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds

    def judge(
        self,
        source: bytes,
        media_type: str,
        *,
        item: str,
        bases: tuple[str, ...] = (),
        level: Level = "publication",
        type_hint: str | None = None,
        files: tuple[str, ...] = (),
        written: Collection[str] = (),
    ) -> Judgement:
        """Return what `catalog.domain.validation.judge` returns.

        Raises what it raises, OverLimit over a limit of time or memory, and Busy.
        """
        said, stored = self._pool.run(
            "judge",
            {
                "media_type": media_type,
                "item": item,
                "bases": list(bases),
                "level": level,
                "type_hint": type_hint,
                "files": list(files),
                "written": list(written),
            },
            source,
            seconds=self._seconds,
        )
        return Judgement(
            ntriples=stored.decode(),
            digest=sha256(stored).hexdigest(),
            type=said["type"],
            title=said["title"],
            report=Report.from_dict(said["report"]),
            references=tuple(said["references"]),
            files=tuple(said["files"]),
        )


def judge_request(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Judge one description in a worker; header and answer are those of `JailedJudge.judge`."""
    from catalog.domain.validation import judge
    from catalog.library import library

    judged = judge(
        body,
        header["media_type"],
        item=header["item"],
        bases=tuple(header["bases"]),
        library=library(),
        level=header["level"],
        type_hint=header["type_hint"],
        files=tuple(header["files"]),
        written=header["written"],
    )
    said = {
        "type": judged.type,
        "title": judged.title,
        "report": judged.report.to_dict(),
        "references": list(judged.references),
        "files": list(judged.files),
    }
    return said, judged.ntriples.encode()
