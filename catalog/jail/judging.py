"""Having a description of strangers read and judged in a jail."""

from collections.abc import Collection
from hashlib import sha256

from catalog.domain.report import Level, Report
from catalog.domain.validation import Judgement
from catalog.jail.pool import Pool


class JailedJudge:
    """Judges descriptions in the workers of `pool` (kind "judge").

    seconds  for one description, after which it is refused
    """

    def __init__(self, pool: Pool, *, seconds: float = 5.0) -> None:
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
        """Return the judgement; the arguments are those of `catalog.domain.validation.judge`.

        Raises what that raises, and OverLimit or Busy.
        """
        said, ntriples = self._pool.run(
            "judge",
            {
                "media_type": media_type,
                "item": item,
                "bases": bases,
                "level": level,
                "type_hint": type_hint,
                "files": files,
                "written": sorted(written),
            },
            source,
            seconds=self._seconds,
        )
        return Judgement(
            ntriples=ntriples.decode(),
            digest=sha256(ntriples).hexdigest(),  # of what arrived here
            type=said["type"],
            title=said["title"],
            report=Report.from_dict(said["report"]),
            references=tuple(said["references"]),
            files=tuple(said["files"]),
        )
