"""Where the validator works for others: the pre-commit hook, the action, and that all agree."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import catalog
from catalog.domain import report_sarif
from catalog.domain.report import Report

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "tests/shapes").glob("*valid/*.ttl"))
BIN = Path(sys.executable).parent
HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")

Ended = subprocess.CompletedProcess[str]


def ran(command: list[str], folder: Path, **environment: str) -> Ended:
    usual = {name: value for name, value in os.environ.items() if "SAGE_CATALOG" not in name}
    path = f"{BIN}:{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**usual, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def hook(*files: Path, options: str = "") -> Ended:
    """Run the hook as pre-commit does: its entry, its arguments, and the names of files."""
    names = [str(file.relative_to(ROOT)) for file in files]
    return ran([*shlex.split(HOOK["entry"]), *shlex.split(options), *names], ROOT)


def action(folder: Path, **inputs: str) -> Ended:
    """Run the step of the action that validates, as a runner does."""
    step = next(one for one in ACTION["runs"]["steps"] if one.get("id") == "validate")
    given = {name: one["default"] for name, one in ACTION["inputs"].items()} | inputs
    environment = {
        name: INPUT.sub(lambda found: given[found[1]], value) for name, value in step["env"].items()
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return ran(shell, folder, **environment)


@pytest.fixture(scope="module")
def by_command() -> dict[str, Any]:
    """Return what `validate --json` finds in every example, by file."""
    said = hook(*EXAMPLES, options="--json")
    return {one["file"]: one for one in json.loads(said.stdout)["reports"]}


def bytes_of(findings: Any) -> bytes:
    return json.dumps(findings, ensure_ascii=False, sort_keys=False).encode()


def test_the_hook_finds_what_python_finds_in_every_example(by_command: dict[str, Any]) -> None:
    assert len(by_command) == len(EXAMPLES)
    for example in EXAMPLES:
        said = by_command[str(example.relative_to(ROOT))]
        assert bytes_of(said["findings"]) == bytes_of(
            catalog.validate(example).to_dict()["findings"]
        )


def test_the_log_of_the_action_holds_the_same_findings(
    tmp_path: Path, by_command: dict[str, Any]
) -> None:
    log = tmp_path / "out.sarif"
    folders = "tests/shapes/valid tests/shapes/invalid"
    done = action(ROOT, **{"paths": folders, "sarif-file": str(log)})
    assert done.returncode == 1
    told: dict[str, list[Any]] = {name: [] for name in by_command}
    for result in json.loads(log.read_text())["runs"][0]["results"]:
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        told[location].append(report_sarif.finding_of(result).to_dict())
    for name, findings in told.items():
        assert bytes_of(findings) == bytes_of(by_command[name]["findings"])


def test_a_report_survives_being_written_and_read(by_command: dict[str, Any]) -> None:
    for said in by_command.values():
        report = {name: value for name, value in said.items() if name != "file"}
        assert bytes_of(Report.from_dict(report).to_dict()) == bytes_of(report)


# -- the hook


def test_the_hook_is_declared_as_pre_commit_wants_it() -> None:
    assert HOOK["id"] == "sage-catalog-validate"
    assert HOOK["language"] == "python"
    assert re.search(HOOK["files"], "items/model.ttl")
    assert not re.search(HOOK["files"], "package.json")


def test_the_hook_lets_good_files_pass_and_holds_up_bad_ones() -> None:
    good = next(one for one in EXAMPLES if one.parent.name == "valid")
    bad = ROOT / "tests/shapes/invalid/common-creator-in-words.ttl"
    assert hook(good).returncode == 0
    done = hook(good, bad)
    assert done.returncode == 1
    assert "common-creator-in-words.ttl" in done.stdout


# -- the action


def test_the_action_uses_standard_actions_alone() -> None:
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert all(re.fullmatch(r"(actions|github)/[\w/-]+@v\d+", one) for one in used)


def test_no_input_is_pasted_into_a_script() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert not any("${{" in script for script in scripts)
    assert all(step.get("shell") for step in ACTION["runs"]["steps"] if "run" in step)


def test_every_input_is_used_and_every_used_one_declared() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])


def test_the_action_installs_this_package() -> None:
    install = next(step for step in ACTION["runs"]["steps"] if step.get("name") == "Install")
    usual = "python -m pip install"
    script = install["run"].replace(usual, f"{usual} --dry-run --no-deps --no-build-isolation")
    done = ran(["bash", "-eo", "pipefail", "-c", script], ROOT, SOURCE=str(ROOT))
    assert done.returncode == 0, done.stderr


def test_the_action_passes_where_everything_conforms(tmp_path: Path) -> None:
    folder = tmp_path / "items"
    folder.mkdir()
    (folder / "a.ttl").write_bytes(EXAMPLES[-1].read_bytes())
    done = action(tmp_path)
    log = json.loads((tmp_path / "sage-catalog.sarif").read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    assert log["version"] == "2.1.0"


def test_the_action_says_what_it_found_and_fails(tmp_path: Path) -> None:
    (tmp_path / "a b.ttl").write_text("<> a <")
    (tmp_path / "b.ttl").write_bytes(EXAMPLES[-1].read_bytes())
    done = action(tmp_path, level="draft", paths="*.ttl")
    assert done.returncode == 1
    assert "a b.ttl:1:" in done.stdout
    result = json.loads((tmp_path / "sage-catalog.sarif").read_text())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.ttl"


@pytest.mark.parametrize("paths", ["no-such-folder", "--help", "$(touch x)", "; touch x"])
def test_odd_paths_fail_and_run_nothing(tmp_path: Path, paths: str) -> None:
    assert action(tmp_path, paths=paths).returncode == 2
    assert not (tmp_path / "x").exists()
