"""Sage's storage API under hostile hands: cut bodies, tricks with boundaries, names and headers."""

import io
from collections.abc import Iterator

import pytest

from api.storage_v1_multipart import BadPart, FirstPart, NoMultipart, boundary_of
from tests.api.buckets import BOUNDARY, FORM, Client, client, form, refusal
from tests.api.sites import Site

B = BOUNDARY.encode()
CONTENT = bytes(range(256)) * 8


class Trickle(io.RawIOBase):
    """A body that comes in pieces of a few bytes."""

    def __init__(self, content: bytes, step: int) -> None:
        self._left = io.BytesIO(content)
        self._step = step

    def read(self, most: int = -1) -> bytes:
        return self._left.read(self._step if most < 0 else min(most, self._step))


def content_of(body: bytes, step: int = 1 << 20, boundary: bytes = B) -> bytes:
    part = FirstPart(Trickle(body, step), boundary)  # type: ignore[arg-type]
    return b"".join(iter(lambda: part.read(1 << 16), b""))


@pytest.fixture
def owner(site: Site) -> Client:
    return client(site)


@pytest.fixture
def nothing_left(site: Site) -> Iterator[None]:
    """See that no row and no object is left behind by what happens meanwhile."""
    before = site.inventory()
    yield
    assert site.inventory() == before


# -- the first part of a body


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"\r\n",
        b"\r\n--",
        b"\r\n--" + B[:-1],
        b"\r\n--" + B + b"x",
        b"--" + B + b"x\r\n--" + B + b"y",
        b"\n--" + B + b"--\n",
        b"\r\n\r\n--" + B[:5] + b"\r\r\n",
        CONTENT,
    ],
)
def test_content_comes_out_as_it_went_in(content: bytes, step: int) -> None:
    assert content_of(form(content), step) == content


def test_every_cut_is_noticed() -> None:
    whole = form(b"\r\n--almost" * 3)
    for cut in range(len(whole) - len(b"\r\n") - 1):
        with pytest.raises(BadPart):
            content_of(whole[:cut], 5)


def test_the_first_of_two_parts_counts() -> None:
    two = form(b"first", close=False) + b"\r\n" + form(b"second")
    assert content_of(two) == b"first"


def test_what_stands_before_the_first_boundary_is_passed_over() -> None:
    preamble = b"--" + B + b"x\r\nno boundary: --" + B + b"\r\n" + b"-" * 200_000 + b"\r\n"
    assert content_of(preamble + form(b"found"), 4_096) == b"found"


def test_ten_megabytes_of_short_lines_before_it_cost_little() -> None:
    assert content_of(b"\n" * 100_000 + b"y" * 9_900_000 + b"\r\n" + form(b"found")) == b"found"


def test_lines_may_end_without_a_carriage_return() -> None:
    body = b"--" + B + b'\nContent-Disposition: form-data; filename="a"\n\nx\ny\n--' + B + b"--\n"
    assert content_of(body, 3) == b"x\ny"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'form-data; filename="a b.txt"', "a b.txt"),
        (b"form-data; filename=plain.txt", "plain.txt"),
        (b'form-data; name="x"', ""),
        (b'form-data; filename="../../etc/passwd"', "passwd"),
        (b'form-data; filename="d/"', "d"),
        (b'form-data; filename="/"', "/"),
        (b"form-data; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt", "Gr\u00f6\u00dfe.txt"),
        ('form-data; filename="Gr\u00f6\u00dfe.txt"'.encode(), "Gr\u00f6\u00dfe.txt"),
        (b"", ""),
    ],
)
def test_file_names_are_read_in_every_spelling(head: bytes, name: str) -> None:
    body = b"--" + B + b"\r\nContent-Disposition: " + head + b"\r\n\r\nx\r\n--" + B + b"--\r\n"
    assert FirstPart(io.BytesIO(body), B).file_name == name


@pytest.mark.parametrize(
    "head",
    [
        b"no colon\r\n",
        b"X: " + b"x" * 1_000_000 + b"\r\n",
        b"X: y\r\n" * 200_000,
        b": nothing\r\n",
        b"\x00: x\r\n",
    ],
    ids=["no colon", "1 MB", "200,000 lines", "no name", "NUL"],
)
def test_heads_that_nobody_means_are_refused(head: bytes) -> None:
    with pytest.raises(BadPart):
        FirstPart(io.BytesIO(b"--" + B + b"\r\n" + head + b"\r\nx\r\n--" + B + b"--\r\n"), B)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/x", ";"],
)
def test_what_is_no_multipart_is_told(kind: str) -> None:
    with pytest.raises(NoMultipart):
        boundary_of(kind)


@pytest.mark.parametrize(
    ("kind", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=x; boundary="a b;c"', b"a b;c"),
        ("multipart/mixed; boundary=x", b"x"),
    ],
)
def test_boundaries_are_read(kind: str, boundary: bytes) -> None:
    assert boundary_of(kind) == boundary


# -- over HTTP


def test_a_body_that_is_cut_anywhere_keeps_nothing(site: Site, owner: Client) -> None:
    bucket = owner.create()
    before = site.inventory()
    whole = form(CONTENT)
    for cut in range(0, len(whole), len(whole) // 19):
        client_ = site.app.test_client(use_cookies=False)
        answer = client_.open(
            f"/api/v1/objects/{bucket}/a.txt",
            method="PUT",
            input_stream=io.BytesIO(whole[:cut]),
            headers={
                "Authorization": f"sage {owner.token}",
                "Content-Type": FORM,
                "Content-Length": str(len(whole)),
            },
        )
        assert answer.status_code == 500, cut
    assert site.inventory() == before
    assert owner.names(f"/{bucket}/") == []


@pytest.mark.parametrize(
    "path",
    [
        "/../../../items", "/%2e%2e/%2e%2e/x", "/a%2F..%2F..%2Fb", "//etc/passwd", "/a/%2e/b",
    ],
)  # fmt: skip
def test_no_way_leads_up_and_out(owner: Client, path: str) -> None:
    bucket = owner.create()
    assert owner.put(f"/{bucket}{path}").status_code == 301
    assert owner.names(f"/{bucket}/?recursive") == []


def test_encoded_slashes_are_slashes(owner: Client) -> None:
    bucket = owner.create()
    assert owner.put(f"/{bucket}/a%2Fb.txt").status_code == 200
    assert owner.names(f"/{bucket}/") == ["a/"]
    assert owner.ask("GET", f"/{bucket}/a/b.txt").data == b"test-data"


def test_two_spellings_of_a_name_are_one(owner: Client) -> None:
    bucket = owner.create()
    owner.put(f"/{bucket}/e%CC%81.txt", b"decomposed")
    owner.put(f"/{bucket}/%C3%A9.txt", b"composed")
    assert owner.names(f"/{bucket}/") == ["\u00e9.txt"]
    assert owner.ask("GET", f"/{bucket}/e%CC%81.txt").data == b"composed"


@pytest.mark.parametrize("name", ["..", ".", "a\\\\b", "\u202etxt.exe", "x" * 256, "a\x01b"])
def test_a_file_name_that_is_none_is_refused(owner: Client, name: str) -> None:
    bucket = owner.create()
    assert owner.put(f"/{bucket}/d/", name=name).status_code == 400
    assert owner.names(f"/{bucket}/?recursive") == []


def test_a_preamble_of_ten_megabytes_is_passed_over(owner: Client) -> None:
    bucket = owner.create()
    body = b"x" * 10_000_000 + b"\r\n" + form(b"found")
    answer = owner.ask("PUT", f"/{bucket}/a.txt", body, {"Content-Type": FORM})
    assert answer.status_code == 200, answer.text
    assert owner.ask("GET", f"/{bucket}/a.txt").data == b"found"


def test_a_part_with_a_head_of_a_megabyte_is_refused(owner: Client) -> None:
    bucket = owner.create()
    body = b"--" + B + b"\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\nx\r\n--" + B + b"--\r\n"
    answer = owner.ask("PUT", f"/{bucket}/a.txt", body, {"Content-Type": FORM})
    assert refusal(answer, 500) == "error reading part: multipart: message too large"


def test_a_second_part_is_no_second_file(owner: Client) -> None:
    bucket = owner.create()
    body = form(b"first", close=False) + b"\r\n" + form(b"second", "other.txt")
    answer = owner.ask("PUT", f"/{bucket}/", body, {"Content-Type": FORM})
    assert answer.status_code == 200
    assert owner.names(f"/{bucket}/") == ["testfile.txt"]


@pytest.mark.usefixtures("nothing_left")
def test_json_that_nobody_means_changes_nothing(site: Site) -> None:
    owner = client(site)
    for body in (
        b"[" * 100_000, b'{"name": NaN}', b'{"name": "\\ud800', b"\xff\xfe", b'"' * 3,
        b'{"granteeType": "USER", "grantee": {"a": 1}}',
    ):  # fmt: skip
        answer = owner.ask("PATCH", "/6dd46856-c871-4089-b1bc-a12b44e92c81", body)
        assert answer.status_code == 401


def test_half_a_surrogate_pair_is_no_name(owner: Client) -> None:
    bucket = owner.create()
    answer = owner.ask("PATCH", f"/{bucket}", b'{"name": "a\\ud800b"}')
    assert answer.status_code == 200
    assert '"name": "a\ufffdb"' in answer.text


@pytest.mark.parametrize(
    "grantee", ["link:" + "0" * 64, "", " ", "x" * 300, "a\nb"], ids=lambda text: text[:8]
)
def test_nobody_is_granted_anything_by_an_odd_name(owner: Client, grantee: str) -> None:
    bucket = owner.create()
    for kind in ("USER", "GROUP"):
        answer = owner.share(bucket, kind, grantee, "READ")
        if kind == "USER" and grantee.startswith("link:"):
            continue
        assert answer.status_code in {400, 401}, answer.text


def test_a_grant_to_the_group_of_all_in_another_case_opens_nothing(
    site: Site, owner: Client
) -> None:
    bucket = owner.create()
    for kind, name in (("group", "AllUsers"), ("GROUP", "allusers"), ("USER", "AllUsers")):
        owner.share(bucket, kind, name, "READ")
        owner.share(bucket, kind, name, "FULL_CONTROL")
    nobody = client(site, None)
    assert nobody.ask("GET", f"/{bucket}").status_code == 401
    assert nobody.put(f"/{bucket}/a.txt").status_code == 401


def test_a_right_that_is_taken_while_the_bytes_come_keeps_nothing(
    site: Site, owner: Client
) -> None:
    bucket = owner.create()
    owner.share(bucket, "USER", "other", "WRITE")
    other = client(site, "other")

    class Revoking(io.BytesIO):
        def read(self, most: int | None = -1) -> bytes:
            owner.ask("DELETE", f"/{bucket}?permissions&grantee=other")
            return super().read(most)

    body = form(b"x")
    answer = site.app.test_client(use_cookies=False).open(
        f"/api/v1/objects/{bucket}/a.txt",
        method="PUT",
        input_stream=Revoking(body),
        headers={
            "Authorization": f"sage {other.token}",
            "Content-Type": FORM,
            "Content-Length": str(len(body)),
        },
    )
    assert answer.status_code == 401
    assert owner.names(f"/{bucket}/") == []


def test_tokens_in_addresses_are_refused(owner: Client) -> None:
    assert refusal(owner.ask("GET", "?token=x"), 400)


def test_a_very_long_header_is_no_mistake(site: Site) -> None:
    said = {"Authorization": "sage " + "x" * 60_000}
    assert client(site, None).ask("GET", "", headers=said).status_code == 401
