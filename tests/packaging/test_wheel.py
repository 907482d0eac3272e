"""The wheel: all of the product and nothing else, and it runs where the repository is not."""

import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import psutil
import pytest

from tests.api.served import free_port

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "catalog", "shapes", "vocab")
DATA = {".ttl", ".rq", ".html", ".css", ".js", ".svg", ".toml", ".mako"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*pip, *options, str(source)], check=True)
    return next(folder.glob("sage_catalog-*.whl"))


@pytest.fixture(scope="session")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which only the installed wheel is found."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--target", str(target), str(wheel)], check=True)
    return {**os.environ, "PYTHONPATH": str(target)}


def test_every_data_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in DATA and "generator" not in path.parts
    }
    assert sorted(wanted - held) == []


def test_the_wheel_holds_nothing_but_the_packages(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_an_installed_catalog_judges_a_description(
    elsewhere: dict[str, str], tmp_path: Path
) -> None:
    sample = ROOT / "catalog/samples/unet-cloud-cover.ttl"
    run = subprocess.run(
        [sys.executable, "-m", "catalog.cli", "validate", str(sample)],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "conforms at publication level" in run.stdout


def test_the_command_says_its_version(elsewhere: dict[str, str], tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "catalog.cli", "--version"],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("sage-catalog ")


def test_an_installed_catalog_serves_its_pages_from_any_folder(
    elsewhere: dict[str, str], tmp_path: Path
) -> None:
    """Also from one in which somebody has modules that are called as ours are."""
    for name in ("api", "catalog", "granian"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')")
    port = free_port()
    start = "import sys; sys.path.pop(0); from catalog.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "serve", "--no-samples", "--data", "data"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--json"],
        cwd=tmp_path,
        env=elsewhere,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = []
        while (line := process.stdout.readline()) and line != "}\n":
            lines.append(line)
        assert lines, process.communicate()[1]
        assert json.loads("".join(lines) + "}")["url"] == f"http://127.0.0.1:{port}/"
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Accept": "text/html"})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert b"</html>" in answer.read()
        running = psutil.Process(process.pid).children(recursive=True)
        homes = {one.environ()["PYTHONPATH"].split(os.pathsep)[0] for one in running[:2]}
        assert homes == {elsewhere["PYTHONPATH"]}
    finally:
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert err == "Stopping ...\nStopped.\n"
