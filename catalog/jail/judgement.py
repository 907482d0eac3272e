"""What a jailed worker does with a description: read it, judge it, hand back what is kept.

The header of a request holds the arguments of `catalog.domain.validation.judge` by their names,
with `media_type`; the body is the text. The header of the answer is the judgement without its
N-Triples, which are the body, and its digest, which the receiver makes of them.
"""

from typing import Any

from catalog.domain.errors import CatalogError
from catalog.domain.impact import Verdict
from catalog.domain.importing.importing import load_all
from catalog.domain.validation import Judgement, judge
from catalog.jail.worker import Task
from catalog.library import Library


def judging_with(library: Library) -> Task:
    """Return the task that judges one description."""
    load_all()

    def answer(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        judged = judge(
            body,
            header["media_type"],
            item=header["item"],
            bases=tuple(header["bases"]),
            library=library,
            level=header["level"],
            type_hint=header["type_hint"],
            files=tuple(header["files"]),
            written=header["written"],
        )
        return _written(judged), judged.ntriples.encode()

    return answer


def judging_many_with(library: Library) -> Task:
    """Return the task that judges stored descriptions and tells of each only what breaks it.

    The header names for each its item, its files, percent-encoded, and the length of its text in
    bytes; the texts stand one behind the other in the body. The answer has one verdict for each.
    """

    def answer(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        verdicts = []
        start = 0
        for case in header["cases"]:
            end = start + case["bytes"]
            verdict = _verdict(library, body[start:end], case, tuple(header["bases"]))
            verdicts.append(verdict.to_dict())
            start = end
        return {"verdicts": verdicts}, b""

    return answer


def _verdict(
    library: Library, text: bytes, case: dict[str, Any], bases: tuple[str, ...]
) -> Verdict:
    try:
        judged = judge(
            text,
            "application/n-triples",
            item=case["item"],
            bases=bases,
            library=library,
            files=tuple(case["files"]),
            places=False,
        )
    except CatalogError as fault:
        return Verdict(problem=fault.detail)
    return Verdict.of(judged.report)


def _written(judged: Judgement) -> dict[str, Any]:
    return {
        "type": judged.type,
        "title": judged.title,
        "report": judged.report.to_dict(),
        "references": judged.references,
        "files": judged.files,
    }
