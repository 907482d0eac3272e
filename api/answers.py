"""Answers in the form chosen: bodies, ETags, conditions, and where each form stands."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from flask import Response, request

from api.negotiation import HTML, JSON, SUFFIXES
from catalog.domain.errors import MovedOn

TEXT = {HTML, "text/turtle", "application/n-triples", "text/csv", "text/x-bibliography"}
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')
SUFFIX_OF = {form: suffix for suffix, form in SUFFIXES.items()}


def body(content: bytes | str, form: str, status: int = 200) -> Response:
    """Return an answer of one media type."""
    kind = f"{form}; charset=utf-8" if form in TEXT else form
    return Response(content, status, content_type=kind)


def json_answer(said: Any, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return body(json.dumps(said, ensure_ascii=False), JSON, status)


def tagged(response: Response, stage: str) -> Response:
    """Give an answer its ETag, `{stage}-{tag}`; 304 where the caller has it already.

    stage  what `If-Match` compares, from any form
    """
    tag = sha256(response.get_data()).hexdigest()[:10]
    response.set_etag(f"{stage}-{tag}")
    return conditional(response) if response.status_code == 200 else response


def conditional(response: Response) -> Response:
    """Answer 304 where the caller has it already; MovedOn where it expects something else."""
    response.make_conditional(request)
    if response.status_code == 412:
        raise MovedOn("This is not what you expect to read; it has changed since.")
    return response


def expected_stages() -> frozenset[str] | None:
    """Return the stages that `If-Match` names, "*" for any; None without the header."""
    header = request.headers.get("If-Match")
    return None if header is None else stages_of(_ETAG.findall(header) or [header.strip()])


def stages_of(tags: Iterable[str]) -> frozenset[str]:
    """Return the stages that ETags stand for: what is before the dash."""
    return frozenset(tag.strip('"').partition("-")[0] for tag in tags)


def with_links(response: Response, links: Sequence[tuple[str, str, Mapping[str, str]]]) -> Response:
    """Add `Link` headers (RFC 8288): address, relation and further parameters of each."""
    for address, relation, parameters in links:
        more = "".join(f'; {name}="{value}"' for name, value in parameters.items())
        response.headers.add("Link", f'<{address}>; rel="{relation}"{more}')
    return response
