"""A catalog that the tests of the command line share, and the command as a call."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.cli import main
from tests.api.served import Served, served


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> Any:
        """Standard output, which has to be one JSON document."""
        return json.loads(self.out)


Command = Callable[..., Told]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("cli") / "data") as running:
        yield running


@pytest.fixture
def command(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """Run a command in this process, in a folder of its own, with nobody's settings."""
    for variable in [name for name in os.environ if name.startswith("SAGE_CATALOG_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Told:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Told(code, out, err)

    return run


@pytest.fixture
def ask(command: Command, server: Served, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command that speaks to the shared catalog as its administrator."""
    monkeypatch.setenv("SAGE_CATALOG_URL", server.url)
    monkeypatch.setenv("SAGE_CATALOG_TOKEN", server.token)
    return command
