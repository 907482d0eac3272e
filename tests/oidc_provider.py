"""An OpenID Connect provider of its own, as a real process: Authlib's server behind HTTP.

It insists on PKCE by S256, signs by keys that can be rotated, and does on order what providers do
when they are broken or hostile. `python -m tests.oidc_provider` prints its port and serves until it
is ended.
"""

import json
import secrets
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import requests
from joserfc.jwa import JWS_ALGORITHMS
from joserfc.jwk import ECKey, RSAKey

CLIENT: Final = {"id": "sage-catalog-tests", "secret": "a secret of the tests"}
ALGORITHM: Final = "RS256"


@dataclass
class Provider:
    """The provider as tests see it: its issuer, and what can be ordered of it."""

    issuer: str
    client_id: str = CLIENT["id"]
    client_secret: str = CLIENT["secret"]
    http: requests.Session = field(default_factory=requests.Session)
    keys: "dict[str, RSAKey | ECKey]" = field(default_factory=dict)

    def order(self, what: str, **said: Any) -> dict[str, Any]:
        """Tell it to do something, and return what it answers."""
        answer = self.http.post(f"{self.issuer}/order/{what}", json=said, timeout=5)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def person(self, subject: str = "ana", **claims: Any) -> None:
        """Have this person be the one who signs in, with these claims."""
        self.order("person", sub=subject, **claims)

    def fault(self, path: str = "", **kind: Any) -> None:
        """Break the answers of an address; without one all are whole again."""
        self.order("fault", path=path, **kind)

    def rotate(self) -> None:
        """Sign by another key from now on, and know no older one."""
        self.order("rotate")
        self.keys = {}

    def key(self, alg: str = ALGORITHM) -> "RSAKey | ECKey":
        """Return the key by which it signs in that way at present, the secret part included."""
        if not self.keys:  # reading one takes longer than all the rest of a test
            said = self.order("keys")
            self.keys = {"EC": ECKey.import_key(said["EC"]), "RSA": RSAKey.import_key(said["RSA"])}
        return self.keys["EC" if alg == "ES256" else "RSA"]

    def claims(self, **more: Any) -> dict[str, Any]:
        """Return what a good JWT for the catalog claims, changed by `more`; None leaves one out."""
        now = int(time.time())
        told = {"iss": self.issuer, "sub": "ana", "aud": self.client_id}
        told |= {"iat": now, "exp": now + 600} | more
        return {name: value for name, value in told.items() if value is not None}

    def asked(self, path: str) -> int:
        """Return how often an address was asked for."""
        return int(self.order("count", path=path)["count"])

    def entered(self, address: str) -> dict[str, str]:
        """Sign in at the page of an address; return the parameters sent back."""
        answer = self.http.get(address, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        said = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in said.items()}


def jwt_of(header: Any, payload: Any, key: Any = None, alg: str = ALGORITHM) -> str:
    """Return a JWT in which everything is as it is given, signed by `key` if there is one.

    header, payload  what is written as JSON, or bytes as they are
    alg              how it is signed, whatever the header says
    """

    def segment(said: Any) -> bytes:
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        return urlsafe_b64encode(content).rstrip(b"=")

    signed = segment(header) + b"." + segment(payload)
    algorithms = {one.name: one for one in JWS_ALGORITHMS}
    made = urlsafe_b64encode(algorithms[alg].sign(signed, key)).rstrip(b"=") if key else b""
    return (signed + b"." + made).decode()


@contextmanager
def provider_process() -> Iterator[Provider]:
    """Run a provider on a free port."""
    import subprocess
    from pathlib import Path

    child = subprocess.Popen(
        [sys.executable, "-m", "tests.oidc_provider"],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        provider = Provider(f"http://127.0.0.1:{int(child.stdout.readline())}")
        yield provider
        provider.http.close()
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


# -- the process itself


@dataclass
class State:
    """Everything that the process knows."""

    issuer: str = ""
    keys: list[Any] = field(default_factory=list)
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ana"})
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def serve() -> None:
    """Serve on a free port, which is printed, until the process is ended."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: Any) -> None:
            """Print nothing."""

    state = State()
    server = make_server("127.0.0.1", 0, _application(state), threaded=True, request_handler=Quiet)
    state.issuer = f"http://127.0.0.1:{server.server_port}"
    print(server.server_port, flush=True)
    server.serve_forever()


def _application(state: State) -> Any:
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import grants
    from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin, ClientMixin
    from authlib.oauth2.rfc7636 import CodeChallenge
    from authlib.oidc.core import OpenIDCode, UserInfo
    from flask import Flask, Response, jsonify, request

    def new_keys() -> list[Any]:
        kid = secrets.token_hex(4)
        return [
            RSAKey.generate_key(2048, {"kid": f"rsa-{kid}", "use": "sig"}),
            ECKey.generate_key("P-256", {"kid": f"ec-{kid}", "use": "sig"}),
        ]

    state.keys = new_keys()

    class RegisteredClient(ClientMixin):  # type: ignore[misc]
        def get_client_id(self) -> str:
            return CLIENT["id"]

        def get_default_redirect_uri(self) -> None:
            return None

        def get_allowed_scope(self, scope: str) -> str:
            return scope

        def check_redirect_uri(self, redirect_uri: str) -> bool:
            return redirect_uri == "http://127.0.0.1:8000/sign-in/oidc/callback"

        def check_client_secret(self, client_secret: str) -> bool:
            return client_secret == CLIENT["secret"]

        def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
            return method in {"client_secret_basic", "client_secret_post"}

        def check_response_type(self, response_type: str) -> bool:
            return response_type == "code"

        def check_grant_type(self, grant_type: str) -> bool:
            return grant_type == "authorization_code"

        def __getattr__(self, name: str) -> Any:
            if name == "id_token_signed_response_alg":
                return ALGORITHM
            raise AttributeError(name)

    @dataclass
    class Code(AuthorizationCodeMixin):  # type: ignore[misc]
        code: str
        redirect_uri: str
        scope: str
        nonce: str | None
        code_challenge: str | None
        code_challenge_method: str | None
        person: dict[str, Any]

        def get_redirect_uri(self) -> str:
            return self.redirect_uri

        def get_scope(self) -> str:
            return self.scope

        def get_nonce(self) -> str | None:
            return self.nonce

        def get_auth_time(self) -> int:
            return int(time.time())

        def get_acr(self) -> None:
            return None

        def get_amr(self) -> None:
            return None

    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

        def save_authorization_code(self, code: str, request: Any) -> None:
            said = request.payload.data
            state.codes[code] = Code(
                code,
                said["redirect_uri"],
                said.get("scope", ""),
                said.get("nonce"),
                said.get("code_challenge"),
                said.get("code_challenge_method"),
                dict(request.user),
            )

        def query_authorization_code(self, code: str, client: Any) -> Any:
            return state.codes.get(code)

        def delete_authorization_code(self, authorization_code: Any) -> None:
            state.codes.pop(authorization_code.code, None)

        def authenticate_user(self, authorization_code: Any) -> Any:
            return authorization_code.person

    class Tokens(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def get_client_algorithm(self, client: Any) -> str:
            return ALGORITHM

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            now = int(time.time())
            return {"iss": state.issuer, "aud": [CLIENT["id"]], "iat": now, "exp": now + 3600}

        def resolve_client_private_key(self, client: Any) -> Any:
            return state.keys[0]

        def get_encode_header(self, client: Any) -> dict[str, Any]:
            return {"alg": ALGORITHM, "kid": state.keys[0].kid}

        def generate_user_info(self, user: Any, scope: str) -> UserInfo:
            told = {name: value for name, value in user.items() if not name.startswith("_")}
            return UserInfo(**told)

        def encode_id_token(self, token: dict[str, Any], request: Any) -> Any:
            forged = state.faults.get("id_token")
            if forged is None:
                return super().encode_id_token(token, request)
            return forged["token"]

    app = Flask("provider")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    server = AuthorizationServer(
        app,
        query_client=lambda id: RegisteredClient() if id == CLIENT["id"] else None,
        save_token=lambda token, request: state.tokens.update(
            {token["access_token"]: dict(request.user)}
        ),
    )
    server.register_grant(CodeGrant, [Tokens(require_nonce=True), CodeChallenge(required=True)])

    @app.before_request
    def broken() -> Response | None:
        path = request.path
        with state.lock:
            state.counts[path] = state.counts.get(path, 0) + 1
            state.bodies[path] = request.get_data(as_text=True)
        fault = state.faults.get(path)
        if fault is None or path.startswith("/order/"):
            return None
        if "seconds" in fault:
            time.sleep(fault["seconds"])
            return None
        if fault.get("drips"):
            return Response((time.sleep(0.05) or b" " for _ in range(400)), 200)
        if fault.get("huge"):
            return Response((b" " * 65_536 for _ in range(64)), 200)
        return Response(fault.get("body", ""), fault.get("status", 200), fault.get("headers", {}))

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Any:
        here = state.issuer
        said = {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "userinfo_endpoint": f"{here}/userinfo",
            "jwks_uri": f"{here}/keys",
            "end_session_endpoint": f"{here}/leave",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return jsonify(said | state.faults.get("metadata", {}))

    @app.get("/keys")
    def keys() -> Any:
        return jsonify(keys=[key.as_dict(private=False) for key in state.keys])

    @app.get("/authorize")
    def authorize() -> Any:
        if request.args.get("code_challenge_method") != "S256":
            return jsonify(error="invalid_request", error_description="PKCE by S256 is needed"), 400
        grant = server.get_consent_grant(end_user=state.person)
        user = None if state.person.get("_denies") else state.person
        return server.create_authorization_response(request, grant_user=user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/userinfo")
    def userinfo() -> Any:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        user = state.tokens.get(bearer)
        if user is None:
            return jsonify(error="invalid_token"), 401
        more = user.get("_userinfo", {})
        told = {name: value for name, value in user.items() if not name.startswith("_")}
        return jsonify(told | more)

    @app.post("/order/person")
    def order_person() -> Any:
        state.person = request.get_json()
        return jsonify({})

    @app.post("/order/fault")
    def order_fault() -> Any:
        said = request.get_json()
        path = said.pop("path")
        state.faults = {**state.faults, path: said} if path else {}
        return jsonify({})

    @app.post("/order/rotate")
    def order_rotate() -> Any:
        state.keys = new_keys()
        return jsonify({})

    @app.post("/order/count")
    def order_count() -> Any:
        return jsonify(count=state.counts.get(request.get_json()["path"], 0))

    @app.post("/order/last")
    def order_last() -> Any:
        return jsonify(body=state.bodies.get(request.get_json()["path"], ""))

    @app.post("/order/keys")
    def order_keys() -> Any:
        return jsonify({key.key_type: key.as_dict(private=True) for key in state.keys})

    return app


if __name__ == "__main__":
    serve()
