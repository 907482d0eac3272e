"""What addresses mean, what sites say of them, and when that is drift; without any network."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.domain.errors import NotAcceptable
from catalog.domain.identifiers import item_iri
from catalog.domain.references.addresses import (
    DOCKER_HUB,
    File,
    GitHub,
    HuggingFace,
    Image,
    Part,
    read_address,
)
from catalog.domain.references.asking import Facts, Found, Presence, Question, Reply
from catalog.domain.references.cited import references_of
from catalog.domain.references.drift import ReferenceState, after, changes
from catalog.domain.references.looking import look

COMMIT = "63f75410b8ef8a1c1d1b5d4e0f7a7b8c9d0e1f2a"
DIGEST = "sha256:" + "2" * 64
ITEM = item_iri("0000000000")
NOW = datetime(2026, 11, 28, tzinfo=UTC)
WEEK = timedelta(days=7)

SAGE_IIO = GitHub("waggle-sensor", "iio")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("https://github.com/waggle-sensor/iio", SAGE_IIO),
        ("github.com/waggle-sensor/iio", SAGE_IIO),
        ("https://www.github.com/waggle-sensor/iio.git", SAGE_IIO),
        ("git@github.com:waggle-sensor/iio.git", SAGE_IIO),
        ("git+https://github.com/waggle-sensor/iio", SAGE_IIO),
        (
            "https://github.com/waggle-sensor/iio/blob/main/calib/data.csv",
            GitHub("waggle-sensor", "iio", Part.FILE, "main", "calib/data.csv"),
        ),
        (
            "https://raw.githubusercontent.com/waggle-sensor/iio/refs/heads/main/data.csv",
            GitHub("waggle-sensor", "iio", Part.FILE, "main", "data.csv"),
        ),
        (
            "https://github.com/waggle-sensor/iio/archive/refs/tags/v0.6.0.tar.gz",
            GitHub("waggle-sensor", "iio", Part.ARCHIVE, "v0.6.0", ".tar.gz"),
        ),
        (
            "https://github.com/waggle-sensor/iio/releases/download/v0.6.0/model.onnx",
            GitHub("waggle-sensor", "iio", Part.ASSET, "v0.6.0", "model.onnx"),
        ),
        (
            f"https://github.com/waggle-sensor/iio/commit/{COMMIT}",
            GitHub("waggle-sensor", "iio", Part.FOLDER, COMMIT),
        ),
        ("waggle/plugin-base:1.1.1", Image(DOCKER_HUB, "waggle/plugin-base", "1.1.1")),
        ("python:3.11", Image(DOCKER_HUB, "library/python", "3.11")),
        (
            f"registry.sagecontinuum.org/a/cloud-cover:1.0.4@{DIGEST}",
            Image("registry.sagecontinuum.org", "a/cloud-cover", "1.0.4", DIGEST),
        ),
        ("docker://nvcr.io/nvidia/l4t:r32", Image("nvcr.io", "nvidia/l4t", "r32")),
        ("https://hub.docker.com/_/python", Image(DOCKER_HUB, "library/python")),
        (
            "https://hub.docker.com/r/waggle/plugin-base/tags?name=1.1",
            Image(DOCKER_HUB, "waggle/plugin-base", "1.1"),
        ),
        (
            f"https://registry.example.org:5000/v2/a/b/manifests/{DIGEST}",
            Image("registry.example.org:5000", "a/b", digest=DIGEST),
        ),
        (
            "https://huggingface.co/datasets/sagecontinuum/FireBench",
            HuggingFace("datasets", "sagecontinuum/FireBench"),
        ),
        (
            "https://hf.co/a/b/resolve/main/folder/model.bin",
            HuggingFace("models", "a/b", "main", "folder/model.bin"),
        ),
        ("https://huggingface.co/docs", File("https://huggingface.co/docs")),
        (
            "https://WEB.lcrc.anl.gov/public/waggle/a.tar#top",
            File("https://web.lcrc.anl.gov/public/waggle/a.tar"),
        ),
        ("https://github.com/waggle-sensor", File("https://github.com/waggle-sensor")),
        ("https://github.com:8443/a/b", File("https://github.com:8443/a/b")),
    ],
)
def test_an_address_means(said: str, meant: object) -> None:
    assert read_address(said) == meant


@pytest.mark.parametrize(
    "said",
    ["", "x", "model.pth", "../../etc/passwd", "file:///etc/passwd", "ftp://example.org/a",
     "javascript:alert(1)", "https://", "https:///a", "https://a b/", "https://ana:word@x.org/",
     "https://x.org/\u202egnp.exe", "https://x.org/\x00", "https://[::1", "https://x.org:99999999/",
     "https://bucket.s3.amazonaws.com/a?X-Amz-Signature=0", "https://x.org/?token=0",
     "https://catalog.invalid/items/0000000000", "https://x.org/" + "a" * 3_000,
     "UPPER/case:1", "a/b@sha256:12"],
)  # fmt: skip
def test_what_is_no_lasting_address_is_refused_in_a_sentence(said: str) -> None:
    if said == "x":
        assert read_address(said) == Image(DOCKER_HUB, "library/x")
        return
    with pytest.raises(NotAcceptable) as refused:
        read_address(said)
    assert refused.value.detail.endswith((".", "1.1.1."))
    assert "word" not in refused.value.detail.replace("password", "")


# -- what sites say


def seen(address: str, answers: Callable[[Question], Reply], *, whole: bool = True) -> Found:
    """Look at an address, with every question answered by a function."""
    looking = look(read_address(address), whole=whole)
    try:
        question = next(looking)
        while True:
            question = looking.send(answers(question))
    except StopIteration as done:
        found: Found = done.value
        return found


@pytest.mark.parametrize(
    ("status", "headers", "presence"),
    [
        (404, {}, Presence.GONE),
        (410, {}, Presence.GONE),
        (401, {}, Presence.NEEDS_LOGIN),
        (403, {}, Presence.NEEDS_LOGIN),
        (403, {"x-ratelimit-remaining": "0", "retry-after": "30"}, Presence.UNREACHABLE),
        (429, {}, Presence.UNREACHABLE),
        (500, {}, Presence.UNREACHABLE),
        (304, {}, Presence.UNREACHABLE),
    ],
)
@pytest.mark.parametrize(
    "address",
    ["https://github.com/a/b", "registry.example.org/a/b:1", "https://huggingface.co/a/b",
     "https://huggingface.co/a/b/resolve/main/c.bin", "https://lcrc.example/a.tar",
     "https://github.com/a/b/releases/tag/v1"],
)  # fmt: skip
def test_a_status_means_the_same_of_every_kind(
    address: str, status: int, headers: dict[str, str], presence: Presence
) -> None:
    found = seen(address, lambda asked: Reply(status, asked.url, headers))
    assert found.presence is presence
    assert found.detail


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"sha": 7, "name": [], "license": "MIT"}',
     b'{"assets": 1, "manifests": {"a": 1}, "config": []}', b"[" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize(
    "address",
    ["https://github.com/a/b", "registry.example.org/a/b:1", "https://huggingface.co/a/b",
     "https://github.com/a/b/releases/download/v1/x.onnx", "https://github.com/a/b/blob/main/x"],
)  # fmt: skip
def test_answers_that_are_none_are_no_facts(address: str, body: bytes) -> None:
    found = seen(address, lambda asked: Reply(200, asked.url, {}, body))
    assert found.presence is not Presence.THERE


def test_a_private_token_of_a_registry_is_asked_where_it_says() -> None:
    asked: list[Question] = []

    def answers(question: Question) -> Reply:
        asked.append(question)
        challenge = {"www-authenticate": 'Bearer realm="https://auth.example/t",service="s"'}
        return Reply(401, question.url, challenge)

    found = seen("registry.example.org/a/b:1", answers)
    assert found.presence is Presence.NEEDS_LOGIN
    assert [one.url for one in asked] == [
        "https://registry.example.org/v2/a/b/manifests/1",
        "https://auth.example/t?scope=repository%3Aa%2Fb%3Apull&service=s",
    ]


def test_a_page_is_there_whatever_its_length() -> None:
    headers = {"content-type": "text/html; charset=utf-8", "content-length": "5", "etag": '"x"'}
    found = seen("https://lcrc.example/", lambda asked: Reply(200, asked.url, headers))
    assert found.facts == Facts(
        "https://lcrc.example/", page="https://lcrc.example/", media_type="text/html"
    )


def test_a_declared_checksum_is_read() -> None:
    coded = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    headers = {"repr-digest": f"sha-256=:{coded}:", "content-length": "5"}
    found = seen("https://x.example/a.bin", lambda asked: Reply(200, asked.url, headers))
    assert found.facts
    assert found.facts.sha256.startswith("2cf24dba5fb0a30e")


def test_the_name_of_a_file_leads_out_of_no_folder() -> None:
    headers = {"content-disposition": 'attachment; filename="..\\..\\evil.exe"'}
    found = seen("https://x.example/a", lambda asked: Reply(200, asked.url, headers))
    assert found.facts
    assert found.facts.file_name == "evil.exe"


# -- drift

BYTES: dict[str, Any] = {
    "size_bytes": 300,
    "etag": "abc",
    "modified": "2021-05-11T12:00:00Z",
}


@pytest.mark.parametrize(
    ("said", "first", "found", "facets"),
    [
        ({}, BYTES, BYTES, ()),
        ({}, BYTES, BYTES | {"size_bytes": 301}, ("size_bytes",)),
        ({}, BYTES, BYTES | {"etag": "def"}, ()),
        ({}, BYTES, BYTES | {"modified": "2022-01-01T00:00:00Z"}, ()),
        ({}, {"etag": "abc"}, {"etag": "def"}, ("etag",)),
        (
            {},
            BYTES,
            BYTES | {"etag": "d", "modified": "2022-01-01T00:00:00Z"},
            ("etag", "modified"),
        ),
        ({"etag": "abc"}, {}, BYTES | {"etag": "def"}, ("etag",)),
        ({"size_bytes": 5}, BYTES, BYTES, ("size_bytes",)),
        ({"sha256": "1"}, BYTES, BYTES | {"etag": "def"}, ()),
        ({"sha256": "1"}, BYTES, BYTES | {"sha256": "2"}, ("sha256",)),
        ({"sha256": "1"}, BYTES, BYTES | {"sha256": "1", "etag": "def", "size_bytes": 1}, ()),
        ({"commit": COMMIT[:7]}, {}, {"commit": COMMIT}, ()),
        ({"commit": COMMIT}, {}, {"commit": "0" * 40}, ("commit",)),
        ({"digest": DIGEST}, {}, {"digest": DIGEST.replace("2", "3")}, ("digest",)),
        (BYTES, {}, {}, ()),
    ],
)
def test_drift_is_what_differs_from_what_was_described_or_first_found(
    said: dict[str, Any], first: dict[str, Any], found: dict[str, Any], facets: tuple[str, ...]
) -> None:
    assert tuple(one.facet for one in changes(said, first, found)) == facets


SILENCE = Found(Presence.UNREACHABLE, detail="lcrc.example does not answer.")
THERE = Found(Presence.THERE, Facts("https://lcrc.example/a"))


def test_a_silence_is_told_the_third_time() -> None:
    state, misses, told = ReferenceState.SAME, 0, []
    for _ in range(3):
        standing = after(state, misses, SILENCE, (), key="a", now=NOW, every=WEEK)
        state, misses = standing.state, standing.misses
        told.append((state, standing.due - NOW))
    assert [state for state, _ in told] == [
        ReferenceState.SAME, ReferenceState.SAME, ReferenceState.UNREACHABLE,
    ]  # fmt: skip
    assert [wait for _, wait in told] == [timedelta(hours=hours) for hours in (1, 6, 24)]


def test_who_asks_for_patience_is_not_silent() -> None:
    busy = Found(Presence.UNREACHABLE, detail="Busy.", retry_after=90)
    standing = after(ReferenceState.SAME, 2, busy, (), key="a", now=NOW, every=WEEK)
    assert (standing.state, standing.misses) == (ReferenceState.SAME, 2)
    assert standing.due == NOW + timedelta(seconds=90)


def test_looks_are_spread_over_time() -> None:
    dues = {
        after(ReferenceState.SAME, 0, THERE, (), key=key, now=NOW, every=WEEK).due - NOW
        for key in "abcdefgh"
    }
    assert len(dues) > 4
    assert all(WEEK * 0.9 <= due <= WEEK * 1.1 for due in dues)


# -- what a description refers to


def lines(*statements: str) -> str:
    return "".join(
        sorted(
            one.replace("sage:", "https://w3id.org/sage/ns#").replace("<>", f"<{ITEM}>")
            .replace("<#", f"<{ITEM}#").replace("dcat:", "http://www.w3.org/ns/dcat#") + " .\n"
            for one in statements
        )
    )  # fmt: skip


def test_distributions_elsewhere_are_references_with_what_identifies_them() -> None:
    said = lines(
        "<> <dcat:distribution> <#lcrc>",
        "<#lcrc> <dcat:downloadURL> <https://web.lcrc.anl.gov/a.tar>",
        '<#lcrc> <dcat:byteSize> "300"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>',
        '<#lcrc> <sage:etag> "W/\\"abc\\""',
    )
    (one,) = references_of(ITEM, said)
    assert (one.part, one.address) == ("lcrc", "https://web.lcrc.anl.gov/a.tar")
    assert one.said == {"size_bytes": 300, "etag": "abc"}


def test_what_lies_here_is_no_reference() -> None:
    said = lines("<> <dcat:distribution> <#a>", f"<#a> <dcat:accessURL> <{ITEM}/files/a>")
    assert references_of(ITEM, said) == ()


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ((), "https://github.com/waggle-sensor/iio"),
        (('<> <sage:branch> "main"',), "https://github.com/waggle-sensor/iio/commit/main"),
        (
            ('<> <sage:branch> "main"', f'<> <sage:commit> "{COMMIT}"'),
            f"https://github.com/waggle-sensor/iio/commit/{COMMIT}",
        ),
        (
            ('<> <sage:tag> "v0.6.0"', f'<> <sage:commit> "{COMMIT}"'),
            "https://github.com/waggle-sensor/iio/commit/v0.6.0",
        ),
    ],
)
def test_a_repository_is_looked_at_where_the_item_was_taken_from(
    more: tuple[str, ...], address: str
) -> None:
    repository = "<> <https://schema.org/codeRepository> <https://github.com/waggle-sensor/iio.git>"
    (one,) = references_of(ITEM, lines(repository, *more))
    if more:
        assert one.address == address
    else:
        assert one.address == f"{address}.git"
    assert one.host == "api.github.com"


def test_an_image_is_a_reference_of_its_item() -> None:
    said = lines('<> <sage:image> "registry.example.org/a/b:1"', f'<> <sage:digest> "{DIGEST}"')
    (one,) = references_of(ITEM, said)
    assert (one.part, one.address, one.said) == (
        "", "registry.example.org/a/b:1", {"digest": DIGEST},
    )  # fmt: skip


def test_an_address_that_nobody_can_ask_is_no_reference() -> None:
    said = lines("<> <dcat:distribution> <#a>", "<#a> <dcat:downloadURL> <urn:isbn:0>")
    assert references_of(ITEM, said) == ()
