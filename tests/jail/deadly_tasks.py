"""A judge that dies, hangs or is sound, as the text that it is given says."""

import os
import time
from typing import Any

from catalog.domain.impact import Verdict
from catalog.jail.worker import Task


def prepare() -> dict[str, Task]:
    """Return its one task."""
    return {"judge-many": _judge_many}


def _judge_many(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    if b"die" in body:
        os.abort()
    if b"hang" in body:
        time.sleep(60)
    return {"verdicts": [Verdict().to_dict() for _ in header["cases"]]}, b""
