"""How the catalog is: for whoever starts it, watches it and measures it."""

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint

from api.answers import json_answer
from api.context import now, parts
from api.negotiation import JSON
from api.operations import operation
from catalog.domain.permissions import Action
from catalog.parts import Parts
from catalog.ports import IssuerState, Watched
from catalog.services.readiness import readiness

blueprint = Blueprint("health", __name__, description="Health and measures")

PLAIN = "text/plain; version=0.0.4; charset=utf-8"


@operation(blueprint, "/health/live", Action.OPEN, forms=(JSON,))
def live() -> Response:
    """Tell that this process answers."""
    return json_answer({"status": "alive"})


@operation(blueprint, "/health/ready", Action.OPEN, forms=(JSON,))
def ready() -> Response:
    """Tell whether everything is migrated, rebuilt, loaded and projected."""
    state = readiness(parts(), now=now())
    issuers = {one.issuer: one.is_up for one in issuers_of(parts())}
    return json_answer({**state.to_dict(), "issuers": issuers}, 200 if state.is_ready else 503)


@operation(blueprint, "/metrics", Action.OPEN, answers={200: "Measures for Prometheus"})
def metrics() -> Response:
    """Give counters of this process and of the record for Prometheus."""
    lines = []
    for pool, counted in current_app.extensions["pools"].items():
        for name, value in counted().items():
            lines.append(f'sage_catalog_jail_{name}{{pool="{pool}"}} {value}')
    state = readiness(parts(), now=now()).to_dict()
    lines.append(f"sage_catalog_ready {int(state['ready'])}")
    lines.append(f"sage_catalog_outbox_pending {state['outbox']['pending']}")
    lines.append(f"sage_catalog_outbox_oldest_seconds {state['outbox']['oldest_seconds']}")
    registrar = state["registrar"]
    lines += [
        f'sage_catalog_dois{{state="{name}"}} {count}'
        for name, count in registrar["states"].items()
    ]
    lines.append(f"sage_catalog_registrar_pending {registrar['pending']}")
    lines.append(f"sage_catalog_registrar_oldest_seconds {registrar['oldest_seconds']}")
    lines += _of_fixity(state["fixity"])
    lines += [line for one in issuers_of(parts()) for line in _of_issuer(one)]
    return Response("\n".join(lines) + "\n", content_type=PLAIN)


def _of_fixity(counted: Mapping[str, Any]) -> list[str]:
    return [
        *(
            f'sage_catalog_fixity_faults{{result="{result}"}} {number}'
            for result, number in counted["faults"].items()
        ),
        f"sage_catalog_fixity_overdue {counted['overdue']}",
    ]


def issuers_of(served: Parts) -> list[IssuerState]:
    """Return how those have been to this process who say whose the tokens of others are.

    None of them keeps the catalog from being ready: what needs no token goes on without.
    """
    return [one.state() for one in served.verifiers if isinstance(one, Watched)]


def _of_issuer(state: IssuerState) -> list[str]:
    counted = {
        "up": int(state.is_up),
        "asked": state.asked,
        "known": state.known,
        "failed": state.failed,
    }
    return [
        f'sage_catalog_issuer_{name}{{issuer="{state.issuer}"}} {number}'
        for name, number in counted.items()
    ]
