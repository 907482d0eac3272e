"""What tests and operators may do beside the API: set faults, read the journal, list DOIs."""

from ipaddress import ip_address

from flask import Blueprint, Response, current_app, jsonify, request

from catalog.sandbox.faults import Fault, NoFault
from catalog.sandbox.payload import read_json
from catalog.sandbox.refusals import not_found, refused
from catalog.sandbox.registrar import Registrar

routes = Blueprint("admin", __name__, url_prefix="/sandbox")


@routes.before_request
def only_from_this_machine() -> None:
    """Be not there for callers from elsewhere, through a proxy of this machine neither."""
    forwarded = "Forwarded" in request.headers or "X-Forwarded-For" in request.headers
    if forwarded or not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104
        raise not_found()


@routes.get("/faults")
def faults() -> Response:
    """Show the faults in force, with how often each has happened."""
    return jsonify(_registrar().faults.as_json())


@routes.put("/faults")
def set_faults() -> Response:
    """Put faults in force, in place of those before."""
    said = read_json(request.get_data())
    if not isinstance(said, list):
        raise refused(422, "The body is an array of faults.")
    try:
        _registrar().faults.replace([Fault.of(one) for one in said])
    except NoFault as fault:
        raise refused(422, str(fault)) from None
    return faults()


@routes.delete("/faults")
def clear_faults() -> Response:
    """Have no faults any more."""
    _registrar().faults.replace(())
    return Response(status=204)


@routes.get("/journal")
def journal() -> Response:
    """Show the requests after that of the id `since`, oldest first."""
    entries = _registrar().journal.entries(request.args.get("since", 0, type=int))
    return jsonify([entry.as_json() for entry in entries])


@routes.delete("/journal")
def clear_journal() -> Response:
    """Forget the requests so far."""
    _registrar().journal.clear()
    return Response(status=204)


@routes.get("/dois")
def dois() -> Response:
    """List every DOI in every state, by name."""
    kept = _registrar().store.select("1", [], "doi", "")
    return jsonify(
        [
            {"doi": one.doi, "state": one.state, "repository": one.repository}
            | {"url": one.attributes.get("url"), "version": one.version}
            for one in kept
        ]
    )


def _registrar() -> Registrar:
    registrar: Registrar = current_app.extensions["registrar"]
    return registrar
