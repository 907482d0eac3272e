"""What it costs of a request to find out who asks, and whether they may; in one process."""

from pathlib import Path

from flask import Flask

from api.app import create_app
from api.context import actor, now, parts
from bench import hiding
from bench.peer import app as bare
from bench.table import Figure, median_seconds
from catalog.cli.operating import parts_of
from catalog.domain.permissions import Action, Role, authorize
from catalog.domain.record import ItemRecord
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.find import Filters, find
from catalog.services.read import read
from catalog.settings import from_environment

_ROUNDS = 3_000
_WANTED_MILLISECONDS = 0.3


def figures(data: Path) -> list[Figure]:
    """Measure with a token of ours, over the catalog in a folder that no server runs on.

    What is measured is everything that a request does for it: the header, the record asked for
    token and account, the decision about an item.
    """
    served = parts_of(from_environment(overrides={"data": data}))
    token = create_token(served, "measuring", Role.ADMIN, now=now())
    app = create_app(served)
    item = _item(app, token)
    deciding = 1000 * median_seconds(lambda: _decide(app, token, item), rounds=_ROUNDS)
    deciding -= 1000 * median_seconds(lambda: _do_nothing(app, token), rounds=_ROUNDS)
    path = f"/items/{item.id}"
    whole = _request(app, path, token)
    nobody = _request(app, path, None)
    peer = _request(bare, "/", None)
    hidden = list(hiding.figures(served, app, actor_of_token(served, token, now=now())))
    served.database.close()
    return [
        Figure(
            "who asks, and may they",
            deciding,
            "ms",
            "bare Flask route, whole",
            peer,
            f"at most {_WANTED_MILLISECONDS} ms",
            deciding <= _WANTED_MILLISECONDS,
        ),
        Figure("an item as JSON, with a token", whole, "ms", "without one", nobody, "", True),
        Figure("share of that request", 100 * deciding / whole, "%", "", None, "", True),
        *hidden,
    ]


def _item(app: Flask, token: str) -> ItemRecord:
    with _asking(app, token):
        line = find(parts(), actor(), Filters(), cursor=None, limit=1).lines[0]
        return read(parts(), actor(), line.id).record


def _asking(app: Flask, token: str):  # type: ignore[no-untyped-def]
    return app.test_request_context("/", headers={"Authorization": f"Bearer {token}"})


def _decide(app: Flask, token: str, item: ItemRecord) -> None:
    with _asking(app, token):
        authorize(actor(), Action.WRITE, item)


def _do_nothing(app: Flask, token: str) -> None:
    with _asking(app, token):
        parts()


def _request(app: Flask, path: str, token: str | None) -> float:
    """Return how long an answer takes, in milliseconds."""
    client = app.test_client(use_cookies=False)
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"

    def ask() -> None:
        answer = client.get(path, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}")

    return 1000 * median_seconds(ask, rounds=500)
