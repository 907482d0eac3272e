"""What a jailed worker does with a description: read it, judge it, hand back what is kept.

The header of a request holds the arguments of `catalog.domain.validation.judge` by their names,
with `media_type`; the body is the text. The header of the answer is the judgement without its
N-Triples, which are the body, and its digest, which the receiver makes of them.
"""

from typing import Any

from catalog.domain.validation import Judgement, judge
from catalog.jail.worker import Task
from catalog.library import Library


def judging_with(library: Library) -> Task:
    """Return the task, with the library read and compiled now."""
    library.warm()

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


def _written(judged: Judgement) -> dict[str, Any]:
    return {
        "type": judged.type,
        "title": judged.title,
        "report": judged.report.to_dict(),
        "references": judged.references,
        "files": judged.files,
    }
