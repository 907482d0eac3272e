"""Having descriptions of strangers read and judged in a jail, one at a time or many."""

import time
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

from catalog.domain.errors import Busy, CatalogError, Unavailable
from catalog.domain.impact import Case, Verdict
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


class JailedVerdicts:
    """Judges stored descriptions, many in one go, in the workers of `pool` (kind "judge").

    It has to be called from no more threads than the pool has workers.

    seconds        for one description that is judged alone
    batch_seconds  for several, after which each of them is judged alone
    """

    def __init__(self, pool: Pool, *, seconds: float = 5.0, batch_seconds: float = 15.0) -> None:
        self._pool = pool
        self._seconds = seconds
        self._batch_seconds = batch_seconds

    def judge_many(self, cases: Sequence[Case], bases: tuple[str, ...]) -> tuple[Verdict, ...]:
        """Return a verdict for each; one that ends its worker costs the others nothing.

        bases  every base that the catalog runs or ran under, and that of the record

        Raises Unavailable where workers cannot be started.
        """
        try:
            return self._asked(cases, bases)
        except Unavailable:
            raise
        except CatalogError as fault:
            if len(cases) > 1:
                return tuple(one for case in cases for one in self.judge_many([case], bases))
            return (Verdict(problem=f"It could not be judged. {fault.detail}"),)

    def _asked(self, cases: Sequence[Case], bases: tuple[str, ...]) -> tuple[Verdict, ...]:
        texts = [case.ntriples.encode() for case in cases]
        header = {
            "bases": bases,
            "cases": [
                {"item": case.item, "files": case.files, "bytes": len(text)}
                for case, text in zip(cases, texts, strict=True)
            ],
        }
        said = self._patiently(header, b"".join(texts), len(cases))
        return tuple(map(Verdict.from_dict, said["verdicts"]))

    def _patiently(self, header: dict[str, Any], body: bytes, count: int) -> dict[str, Any]:
        """Ask, and ask again while workers that were lost are being replaced."""
        seconds = self._seconds if count == 1 else self._batch_seconds
        deadline = time.monotonic() + _REPLACED_AFTER_SECONDS
        while True:
            try:
                return self._pool.run("judge-many", header, body, seconds=seconds)[0]
            except Busy:
                if time.monotonic() > deadline:
                    raise


_REPLACED_AFTER_SECONDS = 120.0
"""The longest that it takes to start workers which load many vocabularies, on a busy machine."""
