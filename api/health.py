"""How the catalog is: for whoever starts it, watches it and measures it."""

from flask import Response, current_app
from flask_smorest import Blueprint

from api.answers import json_answer
from api.context import now, parts
from api.negotiation import JSON
from api.operations import operation
from catalog.domain.permissions import Action
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
    return json_answer(state.to_dict(), 200 if state.is_ready else 503)


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
    return Response("\n".join(lines) + "\n", content_type=PLAIN)
