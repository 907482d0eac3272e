"""A provider of identities as a real process: what is believed of it, and what is not."""

import hmac
import json
import re
import time
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, RSAKey

from catalog.adapters.tokens_oidc import Client, OidcProvider
from catalog.domain.errors import NotLetIn, Unauthenticated, Unavailable
from catalog.domain.permissions import Scope
from catalog.ports import Attempt, Verified
from catalog.settings import BadSetting, from_environment
from tests.oidc_provider import Provider, jwt_of, provider_process

BACK = "http://127.0.0.1:8000/sign-in/oidc/callback"
ATTEMPT = Attempt("state.of-the-tests", "a-nonce-of-the-tests", "v" * 43)
STRANGER = RSAKey.generate_key(2048, {"kid": "stranger"})
Forgery = Callable[[Provider, dict[str, Any]], str]


@dataclass
class Time:
    """A clock that tests move; `ticks` counts from now, `at` since 1970."""

    moved: float = 0.0

    def ticks(self) -> float:
        return time.monotonic() + self.moved

    def at(self) -> float:
        return time.time() + self.moved


@pytest.fixture(scope="module")
def process() -> Iterator[Provider]:
    with provider_process() as provider:
        yield provider


@pytest.fixture
def provider(process: Provider) -> Iterator[Provider]:
    yield process
    process.fault()
    process.person("ana")


@pytest.fixture
def clock() -> Time:
    return Time()


def client_of(provider: Provider, **more: Any) -> Client:
    known = Client(
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        title="The tests",
        scopes="openid profile email",
        name_claim="preferred_username",
        groups_claim="groups",
        audience=provider.client_id,
        scope_prefix="",
        ours=("link:", "project:", "AllUsers"),
    )
    return replace(known, **more)


@pytest.fixture
def oidc(provider: Provider, clock: Time) -> OidcProvider:
    return OidcProvider(client_of(provider), seconds=0.4, clock=clock.at, ticks=clock.ticks)


def token_of(provider: Provider, **claims: Any) -> str:
    """Return a good JWT, but for these claims."""
    key = provider.key()
    return jwt_of({"alg": "RS256", "kid": key.kid}, provider.claims(**claims), key)


def signed_in(oidc: OidcProvider, provider: Provider, attempt: Attempt = ATTEMPT) -> Verified:
    """Sign in with the person that the provider has now."""
    return oidc.identity(provider.entered(oidc.entrance(attempt, BACK)), attempt, BACK)


def verified(oidc: OidcProvider, token: str) -> Verified:
    found = oidc.verify(token, fresh=True)
    assert found is not None
    return found


# -- what is believed


def test_who_signs_in_is_who_the_provider_says(oidc: OidcProvider, provider: Provider) -> None:
    provider.person("ana-1", preferred_username="ana", groups=["birds", "clouds"])
    who = signed_in(oidc, provider)
    assert (who.issuer, who.subject, who.name) == (provider.issuer, "ana-1", "ana")
    assert who.groups == {"birds", "clouds"}
    assert who.scopes == frozenset(Scope)


@pytest.mark.parametrize("alg", ["RS256", "RS512", "ES256"])
def test_a_jwt_is_believed_by_each_algorithm_taken(
    oidc: OidcProvider, provider: Provider, alg: str
) -> None:
    key = provider.key(alg)
    claims = provider.claims(name="Ana R.", groups=["birds"])
    for header in ({"kid": key.kid}, {}, {"typ": "at+jwt", "kid": key.kid, "x5t": "c29tZQ"}):
        who = verified(oidc, jwt_of({"alg": alg} | header, claims, key, alg))
        assert (who.subject, who.name, who.groups) == ("ana", "Ana R.", {"birds"})
        assert who.expires is not None
        assert who.expires.timestamp() == claims["exp"]


def test_what_is_no_jwt_is_left_to_others(oidc: OidcProvider, provider: Provider) -> None:
    nested = jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM"}, b"{}", OctKey.generate_key(128))
    before = provider.asked("/keys")
    for token in ("sage_" + "x" * 43, "a.b.c", "a" * 4_000, "..", "e30.e30.e30", nested, "\u00e9"):
        assert oidc.verify(token, fresh=True) is None
    assert provider.asked("/keys") == before


def test_clocks_may_differ_by_a_minute(oidc: OidcProvider, provider: Provider) -> None:
    now = int(time.time())
    for claims in ({"exp": now - 30}, {"iat": now + 30}, {"nbf": now + 30}, {"exp": now + 0.5}):
        assert verified(oidc, token_of(provider, **claims))


def test_an_audience_of_its_own_is_for_the_interface_alone(provider: Provider) -> None:
    oidc = OidcProvider(client_of(provider, audience="https://catalog.example"))
    with pytest.raises(Unauthenticated):
        oidc.verify(token_of(provider), fresh=True)
    for audience in ("https://catalog.example", ["https://catalog.example", "another"]):
        assert verified(oidc, token_of(provider, aud=audience))
    assert signed_in(oidc, provider)


def test_scopes_narrow_where_a_prefix_says_which_are_ours(provider: Provider) -> None:
    oidc = OidcProvider(client_of(provider, scope_prefix="catalog:"))
    said = {
        "openid catalog:write catalog:read catalog:rule admin": {Scope.READ, Scope.WRITE},
        "openid": set(),
        None: set(),
        ("catalog:write",): set(),
    }
    for scope, meant in said.items():
        assert verified(oidc, token_of(provider, scope=scope)).scopes == meant


def test_no_claim_puts_anybody_into_a_group_of_ours(oidc: OidcProvider, provider: Provider) -> None:
    ours = ["link:abc", "LINK:abc", " link:abc", "project:x", "AllUsers", "allusers", " AllUsers"]
    odd = ["", "a\x00b", "x" * 256, "\u200blink:abc", 7, None, ["birds"], {"name": "birds"}]
    groups = [*ours, *odd, "birds", "AllUsers of birds", "x" * 255]
    who = verified(oidc, token_of(provider, groups=groups))
    assert who.groups == {"birds", "AllUsers of birds", "x" * 255}
    many = verified(oidc, token_of(provider, groups=[f"g{n}" for n in range(600)]))
    assert len(many.groups) == 500
    assert verified(oidc, token_of(provider, groups="birds")).groups == {"birds"}
    assert verified(oidc, token_of(provider, groups={"birds": True})).groups == frozenset()


def test_names_and_groups_come_from_userinfo_where_the_token_has_none(
    oidc: OidcProvider, provider: Provider
) -> None:
    provider.person("ana-2", _userinfo={"preferred_username": "ana", "groups": ["birds"]})
    who = signed_in(oidc, provider)
    assert (who.subject, who.name, who.groups) == ("ana-2", "ana", {"birds"})


def test_a_name_is_never_a_mail_address_by_itself(oidc: OidcProvider, provider: Provider) -> None:
    said = {"email": "ana@example.org", "preferred_username": "\x1b[2J", "name": "  "}
    assert verified(oidc, token_of(provider, **said)).name == "ana"


def test_a_client_whose_name_has_a_colon_says_who_it_is_in_the_body(provider: Provider) -> None:
    known = client_of(provider, client_id="cilogon:/client_id/1")
    oidc = OidcProvider(known)
    provider.fault("/token", body='{"error": "invalid_grant"}', status=400)
    with pytest.raises(Unauthenticated):
        oidc.identity({"code": "x"}, ATTEMPT, BACK)
    assert "client_secret=" in provider.order("last", path="/token")["body"]


# -- forged tokens: each is a good one, but for one thing


def forged(**claims: Any) -> Forgery:
    """Return the forgery that claims this, or does not claim it, signed by the right key."""

    def make(provider: Provider, told: dict[str, Any]) -> str:
        key = provider.key()
        later = {
            name: told["iat"] + value[0] if isinstance(value, tuple) else value
            for name, value in claims.items()
        }
        said = {name: value for name, value in (told | later).items() if value is not None}
        return jwt_of({"alg": "RS256", "kid": key.kid}, said, key)

    return make


def with_header(**more: Any) -> Forgery:
    """Return the forgery whose header says this, signed by the right key."""
    return lambda provider, told: jwt_of(
        {"alg": "RS256", "kid": provider.key().kid} | more, told, provider.key()
    )


def by_stranger(**more: Any) -> Forgery:
    """Return the forgery that a key of somebody else signed, and whose header says this."""
    return lambda provider, told: jwt_of(
        {"alg": "RS256", "kid": provider.key().kid} | more, told, STRANGER
    )


def with_text(change: Callable[[str], str]) -> Forgery:
    """Return the forgery whose payload is changed before it is signed by the right key."""

    def make(provider: Provider, told: dict[str, Any]) -> str:
        key = provider.key()
        payload = change(json.dumps(told)).encode()
        return jwt_of({"alg": "RS256", "kid": key.kid}, payload, key)

    return make


def unsigned(alg: str) -> Forgery:
    return lambda provider, told: jwt_of({"alg": alg, "kid": provider.key().kid}, told)


def by_public_key(kind: str) -> Forgery:
    """Return the forgery that takes the public key, which all know, for a shared secret."""

    def make(provider: Provider, told: dict[str, Any]) -> str:
        key = provider.key()
        public = key.as_pem(private=False) if kind == "pem" else json.dumps(key.as_dict()).encode()
        unsigned = jwt_of({"alg": "HS256", "kid": key.kid}, told)
        made = hmac.digest(public, unsigned.rstrip(".").encode(), "sha256")
        return unsigned + urlsafe_b64encode(made).rstrip(b"=").decode()

    return make


def changed(change: Callable[[list[str]], list[str]]) -> Forgery:
    """Return the forgery that changes a good token after it was signed."""

    def make(provider: Provider, told: dict[str, Any]) -> str:
        key = provider.key()
        good = jwt_of({"alg": "RS256", "kid": key.kid}, told, key)
        return ".".join(change(good.split(".")))

    return make


def another_payload(parts: list[str]) -> list[str]:
    return [parts[0], jwt_of({}, {"sub": "admin"}).split(".")[1], parts[2]]


def nested(provider: Provider, told: dict[str, Any]) -> str:
    inner = forged()(provider, told)
    key = OctKey.generate_key(128)
    return jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM", "cty": "JWT"}, inner, key)


def curve_by_rsa(provider: Provider, told: dict[str, Any]) -> str:
    key = provider.key()
    return jwt_of({"alg": "ES256", "kid": key.kid}, told, key)


def by_other_algorithm(alg: str) -> Forgery:
    return lambda provider, told: jwt_of(
        {"alg": alg, "kid": provider.key().kid}, told, provider.key(), alg
    )


FORGERIES: dict[str, Forgery] = {
    "no signature, alg none": unsigned("none"),
    "no signature, alg None": unsigned("None"),
    "no signature, alg RS256": unsigned("RS256"),
    "HS256 by the public key in PEM": by_public_key("pem"),
    "HS256 by the public key as JWK": by_public_key("jwk"),
    "the right key, but RS384": by_other_algorithm("RS384"),
    "the right key, but PS256": by_other_algorithm("PS256"),
    "ES256 by an RSA key": curve_by_rsa,
    "alg is a list": with_header(alg=["RS256"]),
    "key of somebody else": by_stranger(),
    "key of somebody else, named": by_stranger(kid="stranger"),
    "key of somebody else, brought along": by_stranger(jwk=STRANGER.as_dict(private=False)),
    "right key, with one brought along": with_header(jwk=STRANGER.as_dict(private=False)),
    "key to be fetched by jku": by_stranger(jku="http://127.0.0.1:1/keys"),
    "key to be fetched by x5u": by_stranger(x5u="http://127.0.0.1:1/cert"),
    "certificate brought along": by_stranger(x5c=["MIIB"]),
    "unknown kid": with_header(kid="nobody knows it"),
    "kid is a number": with_header(kid=7),
    "kid is a path": with_header(kid="../../../../dev/null"),
    "crit": with_header(crit=["exp"]),
    "crit of nothing": with_header(crit=[]),
    "b64 false": with_header(b64=False),
    "a token for logging out": with_header(typ="logout+jwt"),
    "typ is a list": with_header(typ=["JWT"]),
    "alg twice in the header": lambda provider, told: jwt_of(
        b'{"alg": "none", "alg": "RS256"}', told, provider.key()
    ),
    "another issuer": forged(iss="https://evil.example"),
    "issuer with a slash more": lambda provider, told: forged(iss=provider.issuer + "/")(
        provider, told
    ),
    "no issuer": forged(iss=None),
    "issuers as a list": lambda provider, told: forged(iss=[provider.issuer])(provider, told),
    "another audience": forged(aud="another"),
    "audiences without ours": forged(aud=["another", "one more"]),
    "no audience": forged(aud=None),
    "audience of nobody": forged(aud=[]),
    "audience is an object": forged(aud={"sage-catalog-tests": True}),
    "expired": forged(exp=(-120,)),
    "no exp": forged(exp=None),
    "exp is text": forged(exp="9999999999"),
    "exp is true": forged(exp=True),
    "exp without end": with_text(lambda text: re.sub(r'"exp": \d+', '"exp": 1e999', text)),
    "exp is not a number": with_text(lambda text: re.sub(r'"exp": \d+', '"exp": NaN', text)),
    "no iat": forged(iat=None),
    "iat in the future": forged(iat=(600,)),
    "nbf in the future": forged(nbf=(600,)),
    "nbf is text": forged(nbf="0"),
    "no sub": forged(sub=None),
    "empty sub": forged(sub=""),
    "sub is a number": forged(sub=7),
    "long sub": forged(sub="x" * 256),
    "sub with control characters": forged(sub="ana\x00admin"),
    "sub twice": with_text(lambda text: text.replace("{", '{"sub": "admin", ', 1)),
    "payload changed": changed(another_payload),
    "signature cut": changed(lambda parts: [*parts[:2], parts[2][:-4]]),
    "signature of nothing": changed(lambda parts: [*parts[:2], ""]),
    "signature without end": changed(lambda parts: [*parts[:2], parts[2] * 20]),
    "payload is a list": with_text(lambda text: f"[{text}]"),
    "payload is no JSON": with_text(lambda text: text[:-1]),
    "payload nested deep": with_text(lambda text: text[:-1] + ', "x": ' + "[" * 50_000),
    "huge": forged(junk="x" * 200_000),
    "a JWE": nested,
}
NO_SIGNED_JWT = {"a JWE", "alg twice in the header"}
ONLY_TO_SIGN_IN: dict[str, Forgery] = {
    "another nonce": forged(nonce="another"),
    "no nonce": forged(nonce=None),
    "nonce in a list": forged(nonce=[ATTEMPT.nonce]),
    "azp of another": forged(azp="another"),
    "two audiences and no azp": forged(aud=["sage-catalog-tests", "another"]),
    "two audiences and azp of another": forged(
        aud=["sage-catalog-tests", "another"], azp="another"
    ),
    "came with another access token": forged(at_hash="c29tZSBvdGhlciB0b2tlbg"),
    "at_hash is a number": forged(at_hash=7),
    "a token for the interface": with_header(typ="at+jwt"),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_jwt_is_nobodys(how: str, oidc: OidcProvider, provider: Provider) -> None:
    assert verified(oidc, token_of(provider))
    token = FORGERIES[how](provider, provider.claims())
    if how in NO_SIGNED_JWT:
        assert oidc.verify(token, fresh=True) is None
    else:
        with pytest.raises(Unauthenticated, match="The token is not valid"):
            oidc.verify(token, fresh=True)
    assert verified(oidc, token_of(provider))


@pytest.mark.parametrize("how", FORGERIES | ONLY_TO_SIGN_IN)
def test_nobody_signs_in_by_a_forged_token(
    how: str, oidc: OidcProvider, provider: Provider
) -> None:
    forgery = (FORGERIES | ONLY_TO_SIGN_IN)[how]
    claims = provider.claims(nonce=ATTEMPT.nonce)
    provider.fault("id_token", token=forgery(provider, claims))
    with pytest.raises(Unauthenticated, match="The token is not valid"):
        signed_in(oidc, provider)
    provider.fault("id_token", token=forged()(provider, claims))
    assert signed_in(oidc, provider).subject == "ana"


def test_what_would_be_a_forgery_at_sign_in_is_none_of_a_jwt(
    oidc: OidcProvider, provider: Provider
) -> None:
    assert verified(oidc, token_of(provider, nonce="another", azp="another"))


def test_a_jwt_that_lives_longer_than_a_day_is_refused(
    oidc: OidcProvider, provider: Provider
) -> None:
    now = int(time.time())
    for iat, exp in ((now, now + 86_401), (now - 10**9, now + 60), (now, 10**300)):
        with pytest.raises(Unauthenticated, match="longer than a day"):
            oidc.verify(token_of(provider, iat=iat, exp=exp), fresh=True)
    assert verified(oidc, token_of(provider, iat=now, exp=now + 86_400))


# -- the way there and back


def test_the_way_there_asks_for_a_code_with_a_challenge(
    oidc: OidcProvider, provider: Provider
) -> None:
    address = oidc.entrance(ATTEMPT, BACK)
    assert address.startswith(f"{provider.issuer}/authorize?response_type=code&")
    for part in ("code_challenge_method=S256", f"state={ATTEMPT.state}", f"nonce={ATTEMPT.nonce}"):
        assert part in address
    assert ATTEMPT.verifier not in address
    assert provider.client_secret not in address


def test_a_code_is_worth_nothing_without_the_verifier(
    oidc: OidcProvider, provider: Provider
) -> None:
    answer = provider.entered(oidc.entrance(ATTEMPT, BACK))
    sent = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": BACK}
    said = requests.post(
        f"{provider.issuer}/token", data=sent, auth=(provider.client_id, provider.client_secret)
    )
    assert said.status_code == 400
    with pytest.raises(Unauthenticated):
        oidc.identity(answer, replace(ATTEMPT, verifier="w" * 43), BACK)
    assert oidc.identity(provider.entered(oidc.entrance(ATTEMPT, BACK)), ATTEMPT, BACK)


def test_a_code_counts_once(oidc: OidcProvider, provider: Provider) -> None:
    answer = provider.entered(oidc.entrance(ATTEMPT, BACK))
    assert oidc.identity(answer, ATTEMPT, BACK)
    with pytest.raises(Unauthenticated, match="invalid_grant"):
        oidc.identity(answer, ATTEMPT, BACK)


@pytest.mark.parametrize(
    "answer",
    [{}, {"code": ""}, {"error": "access_denied"}, {"error": "<script>", "code": "x"},
     {"code": "made up"}, {"code": "\u00e9\U0001f600"}, {"code": "x" * 10_000},
     {"code": "x", "iss": "https://evil.example"}, {"error": "server_error", "iss": ""}],
)  # fmt: skip
def test_an_answer_without_a_code_of_its_own_signs_nobody_in(
    oidc: OidcProvider, answer: dict[str, str]
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        oidc.identity(answer, ATTEMPT, BACK)
    assert "<" not in refused.value.detail


def test_a_provider_that_names_itself_has_to(provider: Provider) -> None:
    provider.fault("metadata", authorization_response_iss_parameter_supported=True)
    oidc = OidcProvider(client_of(provider))
    answer = provider.entered(oidc.entrance(ATTEMPT, BACK))
    with pytest.raises(Unauthenticated, match="another provider"):
        oidc.identity(answer, ATTEMPT, BACK)
    assert oidc.identity(answer | {"iss": provider.issuer}, ATTEMPT, BACK)


def test_userinfo_of_somebody_else_signs_nobody_in(oidc: OidcProvider, provider: Provider) -> None:
    provider.person("ana", _userinfo={"sub": "admin", "groups": ["admins"]})
    with pytest.raises(Unauthenticated, match="somebody else"):
        signed_in(oidc, provider)


def test_what_userinfo_says_changes_nothing_that_is_signed(
    oidc: OidcProvider, provider: Provider
) -> None:
    provider.person("ana", groups=["birds"], _userinfo={"groups": ["admins"], "name": "Ana"})
    who = signed_in(oidc, provider)
    assert (who.groups, who.name) == ({"birds"}, "Ana")


def test_a_provider_that_does_not_know_us_is_told_from_a_person_who_may_not(
    provider: Provider,
) -> None:
    oidc = OidcProvider(client_of(provider, client_secret="wrong"))
    with pytest.raises(NotLetIn):
        signed_in(oidc, provider)


# -- keys


def test_a_key_that_came_later_is_fetched(
    oidc: OidcProvider, provider: Provider, clock: Time
) -> None:
    old = token_of(provider)
    assert verified(oidc, old)
    provider.rotate()
    clock.moved += 61
    assert verified(oidc, token_of(provider))
    with pytest.raises(Unauthenticated):
        oidc.verify(old, fresh=True)


def test_a_key_that_was_withdrawn_is_worth_nothing_after_an_hour(
    oidc: OidcProvider, provider: Provider, clock: Time
) -> None:
    stolen = provider.key()
    assert verified(oidc, token_of(provider))
    provider.rotate()
    clock.moved += 3_601
    claims = provider.claims(iat=int(clock.at()), exp=int(clock.at()) + 60)
    with pytest.raises(Unauthenticated):
        oidc.verify(jwt_of({"alg": "RS256", "kid": stolen.kid}, claims, stolen), fresh=True)


def test_a_flood_of_unknown_keys_reaches_the_provider_once_a_minute(
    oidc: OidcProvider, provider: Provider, clock: Time
) -> None:
    good = token_of(provider)
    assert verified(oidc, good)
    before = provider.asked("/keys")
    for minute in range(1, 3):
        clock.moved += 61
        for n in range(200):
            token = jwt_of({"alg": "RS256", "kid": f"k{n}"}, provider.claims(), STRANGER)
            with pytest.raises(Unauthenticated):
                oidc.verify(token, fresh=True)
        assert provider.asked("/keys") == before + minute
    assert verified(oidc, good)


def test_only_keys_for_signatures_that_are_strong_enough_count(
    oidc: OidcProvider, provider: Provider
) -> None:
    with warnings.catch_warnings(action="ignore"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    secret = OctKey.generate_key(256, {"kid": "secret"})
    sealing = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    good = ECKey.generate_key("P-256", {"kid": "good"})
    keys = [key.as_dict() for key in (weak, sealing, good)] + [secret.as_dict(private=True)]
    odd = [None, 7, {}, {"kty": "AKP", "kid": "pq"}, {"kty": "RSA"}, {"kty": "RSA", "n": 7}]
    provider.fault("/keys", body=json.dumps({"keys": odd + keys}))
    for key, alg in ((weak, "RS256"), (sealing, "RS256"), (secret, "HS256")):
        with pytest.raises(Unauthenticated):
            oidc.verify(
                jwt_of({"alg": alg, "kid": key.kid}, provider.claims(), key, alg), fresh=True
            )
    assert verified(oidc, jwt_of({"alg": "ES256", "kid": "good"}, provider.claims(), good, "ES256"))


# -- a provider that is broken

BROKEN: dict[str, dict[str, Any]] = {
    "hangs": {"seconds": 0.8},
    "drips": {"drips": True},
    "answers without end": {"huge": True},
    "has an error": {"status": 500, "body": "{}"},
    "is not there": {"status": 404, "body": "<html>"},
    "wants fewer requests": {"status": 429, "body": ""},
    "leads elsewhere": {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
    "answers no JSON": {"body": "<html>"},
    "answers a list": {"body": "[]"},
    "answers nothing": {"body": ""},
    "answers an empty object": {"body": "{}"},
    "says things twice": {"body": '{"issuer": "x", "issuer": "y"}'},
    "answers deep": {"body": "[" * 100_000},
}


@pytest.mark.parametrize(
    ("path", "how"),
    [
        *(("/.well-known/openid-configuration", how) for how in BROKEN),
        *(("/token", how) for how in BROKEN if how != "says things twice"),
        *(("/keys", how) for how in ("hangs", "answers nothing", "says things twice")),
        ("/userinfo", "hangs"),
        ("/userinfo", "answers no JSON"),
    ],
)
def test_a_broken_provider_is_no_fault_of_who_signs_in(
    path: str, how: str, oidc: OidcProvider, provider: Provider
) -> None:
    provider.fault(path, **BROKEN[how])
    began = time.monotonic()
    with pytest.raises(Unavailable):
        signed_in(oidc, provider)
    assert time.monotonic() - began < 2.0


def test_jwts_go_on_by_keys_that_are_known_while_the_provider_is_away(
    oidc: OidcProvider, provider: Provider, clock: Time
) -> None:
    assert verified(oidc, token_of(provider))
    for path in ("/keys", "/.well-known/openid-configuration"):
        provider.fault(path, seconds=0.8)
    clock.moved += 3 * 3_600
    claims = provider.claims(iat=int(clock.at()), exp=int(clock.at()) + 60)
    key = provider.key()
    known = jwt_of({"alg": "RS256", "kid": key.kid}, claims, key)
    began = time.monotonic()
    for _ in range(20):
        assert verified(oidc, known)
    unknown = jwt_of({"alg": "RS256", "kid": "new"}, claims, STRANGER)
    for _ in range(20):
        with pytest.raises(Unavailable):
            oidc.verify(unknown, fresh=True)
    assert time.monotonic() - began < 2.0
    clock.moved += 86_400
    with pytest.raises(Unavailable):
        oidc.verify(known, fresh=True)


def test_after_a_failure_nobody_asks_for_ten_seconds(
    oidc: OidcProvider, provider: Provider, clock: Time
) -> None:
    path = "/.well-known/openid-configuration"
    provider.fault(path, status=500)
    before = provider.asked(path)
    for _ in range(5):
        with pytest.raises(Unavailable):
            oidc.entrance(ATTEMPT, BACK)
    assert provider.asked(path) == before + 1
    provider.fault()
    clock.moved += 11
    assert oidc.entrance(ATTEMPT, BACK)


def test_how_the_provider_has_been_is_told(
    oidc: OidcProvider, provider: Provider, clock: Time
) -> None:
    assert oidc.state().is_up
    assert verified(oidc, token_of(provider))
    assert verified(oidc, token_of(provider))
    told = oidc.state()
    assert (told.issuer, told.is_up) == (provider.issuer, True)
    assert (told.asked, told.known, told.failed) == (2, 1, 0)
    provider.fault("/keys", status=500)
    clock.moved += 61
    with pytest.raises(Unavailable):
        oidc.verify(jwt_of({"alg": "RS256", "kid": "new"}, {}, STRANGER), fresh=True)
    assert (oidc.state().is_up, oidc.state().failed) == (False, 1)


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
        {"userinfo_endpoint": "ftp://127.0.0.1/"},
        {"end_session_endpoint": "http://evil.example\n/"},
        {"token_endpoint": None},
    ],
)
def test_a_provider_that_leads_astray_is_not_followed(
    said: dict[str, Any], provider: Provider
) -> None:
    provider.fault("metadata", **said)
    with pytest.raises(Unavailable):
        OidcProvider(client_of(provider)).entrance(ATTEMPT, BACK)


@pytest.mark.parametrize(
    "said",
    [
        {"OIDC_ISSUER": "http://auth.example.org"},
        {"OIDC_ISSUER": "auth.example.org"},
        {"OIDC_ISSUER": "https://auth.example.org/" + "x" * 255},
        {"OIDC_CLIENT_ID": ""},
        {"OIDC_SCOPES": "profile email"},
    ],
)
def test_a_provider_that_cannot_be_spoken_to_safely_is_no_setting(said: dict[str, str]) -> None:
    good = {"OIDC_ISSUER": "https://auth.example.org", "OIDC_CLIENT_ID": "us"}
    assert from_environment(_variables(good)).oidc_title == "auth.example.org"
    with pytest.raises(BadSetting, match="oidc_"):
        from_environment(_variables(good | said))


def _variables(said: dict[str, str]) -> dict[str, str]:
    return {f"SAGE_CATALOG_{name}": value for name, value in said.items()}


def test_no_secret_stands_in_what_is_printed(provider: Provider) -> None:
    told = repr(client_of(provider)) + repr(ATTEMPT)
    assert provider.client_secret not in told
    assert ATTEMPT.verifier not in told
    assert ATTEMPT.nonce not in told
