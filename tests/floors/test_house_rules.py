"""The rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from catalog.cli import VERBS
from catalog.domain.errors import every_error
from catalog.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
PRODUCT = [ROOT / name for name in ("catalog", "api", "vocab", "shapes")]
TERM = re.compile(r"https://w3id\.org/sage/vocab/[a-z0-9-]+/[A-Za-z0-9]")


def modules() -> Iterator[Path]:
    """Yield every Python file of the product but the tools that write vocabularies."""
    for folder in PRODUCT:
        for path in sorted(folder.rglob("*.py")):
            if "generator" not in path.parts:
                yield path


def strings(path: Path) -> Iterator[str]:
    """Yield every string of a file that is not a docstring or comment."""
    tree = ast.parse(path.read_text())
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_opens_with_a_sentence_that_says_what_it_knows(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        said = ast.get_docstring(ast.parse(text))
        assert said, path
        assert said.split("\n\n")[0].rstrip().endswith((".", ":")), path


def test_no_term_of_the_vocabularies_is_typed_in_python() -> None:
    typed = [
        (path.relative_to(ROOT), text)
        for path in modules()
        for text in strings(path)
        if TERM.search(text)
    ]
    assert typed == []


def test_no_transaction_opens_outside_the_services() -> None:
    allowed = {"services", "migrations"}
    opened = [
        path.relative_to(ROOT)
        for path in modules()
        if not allowed & set(path.parts)
        and path.name != "database.py"
        and re.search(r"\.(writing|reading)\(\)", path.read_text())
    ]
    assert opened == []


def test_only_the_bootstrap_names_adapters() -> None:
    naming = [
        path.relative_to(ROOT)
        for path in modules()
        if "adapters" not in path.parts
        and path.name != "bootstrap.py"
        and re.search(r"^\s*(from|import) catalog\.adapters", path.read_text(), re.MULTILINE)
    ]
    assert naming == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    missing = [
        entry.name
        for entry in fields(Settings)
        if f"`{PREFIX}{entry.name.upper()}`" not in page or entry.metadata["meaning"] not in page
    ]
    assert missing == []


def test_every_verb_is_documented() -> None:
    page = (ROOT / "docs/command-line.md").read_text()
    assert [verb for verb in VERBS if f"`{verb}`" not in page] == []


def test_every_error_has_a_name_a_status_and_a_sentence_of_its_own() -> None:
    kinds = every_error()
    slugs = [kind.slug for kind in kinds]
    assert len(set(slugs)) == len(slugs)
    assert all(400 <= kind.status < 600 and kind.title and kind.__doc__ for kind in kinds)


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    import catalog.domain.errors as errors

    drawn = dict(re.findall(r"[├└]── (\w+)\s+(\d{3})", errors.__doc__ or ""))
    real = {kind.__name__: str(kind.status) for kind in every_error()[1:]}
    assert drawn == real


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_links_in_the_documentation_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_links_in_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / "README.md").read_text())
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_repository_names_no_machine() -> None:
    suspect = re.compile(r"/root/|/work/|/opt/wheels|find-links")
    named = [
        path.relative_to(ROOT)
        for folder in ("catalog", "api", "vocab", "shapes", "docs", "deploy", "bench", ".ci")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and path.suffix in {".py", ".md", ".ttl", ".html", ".css", ".js", ".sh", ""}
        and suspect.search(path.read_text(errors="ignore"))
    ]
    assert named == []
