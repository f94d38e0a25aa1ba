"""Access tokens of a provider: what is taken and what is refused, over HTTP and with real signatures."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from service.access import keys
from service.access.keys import Scope
from service.access.tokens import Issuer, principal_of
from service.app import create_app
from service.cli import commands
from service.errors import BadArgument
from service.settings import Settings
from tests.access.provider import AUDIENCE, EC, MOMENT, OTHER_RSA, RSA, Provider, provider
from tests.conftest import NOW

HUGE = 10**400
_PEM = RSA.as_pem(private=False)
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa-1"})


@dataclass
class Front:
    """A service that takes tokens of a provider, and holds subsidiaries DE and FR."""

    client: TestClient
    issuer: Provider
    key: str

    def ask(self, token: str | None, path: str = "/v1/customers", **more: Any) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.get(path, headers=headers, **more)

    def submit(self, form: str, rows: Any, subsidiary: str) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        path = f"/v1/submissions/{form}?subsidiary={subsidiary}"
        self.client.post(path, json=rows, headers=headers).raise_for_status()


def served(database_url: str, issuer: Provider, **more: Any) -> Any:
    settings = Settings(
        database_url=SecretStr(database_url),
        pool_size=4,
        oidc_issuer=issuer.issuer,
        oidc_audience=AUDIENCE,
        wrong_keys_per_minute=0,
        **more,
    )
    return create_app(settings, clock=lambda: NOW)


@pytest.fixture
def front(database_url: str) -> Iterator[Front]:
    with provider() as issuer:
        app = served(database_url, issuer)
        with app.state.database.writing() as connection:
            key = str(keys.create(connection, "test", list(Scope), None, NOW))
        with TestClient(app, raise_server_exceptions=False) as client:
            front = Front(client, issuer, key)
            for code in ("DE", "FR"):
                body = {"name": f"{code}-Company", "country": code, "currency": "EUR"}
                client.put(f"/v1/subsidiaries/{code}", json=body, headers={"Authorization": f"Bearer {key}"})
                front.submit("customers", [{"code": f"{code}-C1"}], code)
            yield front


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(p: Provider, alg: Any) -> str:
    header = {"kid": "rsa-1", "typ": "at+jwt"} | ({} if alg is None else {"alg": alg})
    return f"{part(header)}.{part(p.claims())}."


def shared(p: Provider, secret: bytes) -> str:
    """Signed with a secret that is none."""
    text = f"{part({'alg': 'HS256', 'kid': 'rsa-1', 'typ': 'at+jwt'})}.{part(p.claims())}"
    signature = hmac.new(secret, text.encode(), "sha256").digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def flipped(token: str, place: int) -> str:
    """Another letter in the middle of a part."""
    parts = token.split(".")
    middle = len(parts[place]) // 2
    letter = "A" if parts[place][middle] != "A" else "B"
    parts[place] = parts[place][:middle] + letter + parts[place][middle + 1 :]
    return ".".join(parts)


def swapped(one: str, other: str) -> str:
    return ".".join([*one.split(".")[:2], other.split(".")[2]])


def attacker(p: Provider, name: str) -> str:
    """A token signed by a stranger, who names the place of his key."""
    told = STRANGER.as_dict(private=False) if name == "jwk" else f"{p.issuer}/attacker"
    return p.token(STRANGER, {name: told})


def twice(p: Provider) -> str:
    text = json.dumps(p.claims())
    return p.signed(text[:-1] + ', "kontor_subsidiaries": ["FR"]}')


CASES: dict[str, tuple[Callable[[Provider], str], int]] = {
    "a good token": (lambda p: p.token(), 200),
    "another allowed algorithm": (lambda p: p.token(EC, {"alg": "ES256", "kid": "ec-1"}), 200),
    "typ in its long form": (lambda p: p.token(header={"typ": "application/at+JWT"}), 200),
    "alg none": (lambda p: unsigned(p, "none"), 401),
    "alg None, another case": (lambda p: unsigned(p, "None"), 401),
    "alg missing": (lambda p: unsigned(p, None), 401),
    "alg is no text": (lambda p: unsigned(p, ["RS256"]), 401),
    "HS256 signed with the public key": (lambda p: shared(p, _PEM), 401),
    "HS256 signed with nothing": (lambda p: shared(p, b""), 401),
    "an algorithm that is not allowed": (lambda p: p.token(header={"alg": "RS512"}), 401),
    "an algorithm of another kind of key": (lambda p: p.token(EC, {"alg": "ES256"}), 401),
    "signature stripped": (lambda p: p.token().rpartition(".")[0] + ".", 401),
    "signature of another token": (lambda p: swapped(p.token(), p.token(sub="x")), 401),
    "a letter of the claims changed": (lambda p: flipped(p.token(), 1), 401),
    "a letter of the header changed": (lambda p: flipped(p.token(), 0), 401),
    "a letter of the signature changed": (lambda p: flipped(p.token(), 2), 401),
    "kid unknown": (lambda p: p.token(OTHER_RSA, {"kid": "rsa-9"}), 401),
    "kid missing": (lambda p: p.token(header={"kid": None}), 401),
    "kid a path": (lambda p: p.token(header={"kid": "../../../dev/null"}), 401),
    "kid with a quote": (lambda p: p.token(header={"kid": "rsa-1' OR '1'='1"}), 401),
    "kid of another key": (lambda p: p.token(OTHER_RSA), 401),
    "jku of an attacker": (lambda p: attacker(p, "jku"), 401),
    "x5u of an attacker": (lambda p: attacker(p, "x5u"), 401),
    "jwk of an attacker": (lambda p: attacker(p, "jwk"), 401),
    "jku beside a good signature": (lambda p: p.token(header={"jku": f"{p.issuer}/attacker"}), 200),
    "crit": (lambda p: p.signed(json.dumps(p.claims()), crit=["b64"], b64=True), 401),
    "an ID token": (lambda p: p.token(header={"typ": "JWT"}), 401),
    "typ missing": (lambda p: p.token(header={"typ": None}), 401),
    "aud missing": (lambda p: p.token(aud=None), 401),
    "aud of another service": (lambda p: p.token(aud="https://other.example"), 401),
    "aud begins alike": (lambda p: p.token(aud=AUDIENCE + ".evil"), 401),
    "aud a list with us in it": (lambda p: p.token(aud=["https://other.example", AUDIENCE]), 200),
    "aud a list without us": (lambda p: p.token(aud=["https://other.example"]), 401),
    "aud a list of odd things": (lambda p: p.token(aud=[AUDIENCE, 1]), 401),
    "iss missing": (lambda p: p.token(iss=None), 401),
    "iss begins alike": (lambda p: p.token(iss=p.issuer + "/evil"), 401),
    "iss with a slash more": (lambda p: p.token(iss=p.issuer + "/"), 401),
    "exp missing": (lambda p: p.token(exp=None), 401),
    "exp past, within the leeway": (lambda p: p.token(iat=MOMENT - 600, exp=MOMENT - 59), 200),
    "exp past, beyond the leeway": (lambda p: p.token(iat=MOMENT - 600, exp=MOMENT - 61), 401),
    "exp far beyond all numbers": (lambda p: p.token(exp=HUGE), 401),
    "exp infinite": (lambda p: p.signed(json.dumps(p.claims(exp=0)).replace('"exp": 0', '"exp": 1e999')), 401),
    "exp no number": (lambda p: p.signed(json.dumps(p.claims(exp=0)).replace('"exp": 0', '"exp": NaN')), 401),
    "exp a text": (lambda p: p.token(exp=str(MOMENT + 600)), 401),
    "iat far below all numbers": (lambda p: p.token(iat=-HUGE, exp=MOMENT + 0.5), 401),
    "iat missing": (lambda p: p.token(iat=None), 401),
    "iat in the future": (lambda p: p.token(iat=MOMENT + 61), 401),
    "nbf in the future": (lambda p: p.token(nbf=MOMENT + 61), 401),
    "nbf in the future, within the leeway": (lambda p: p.token(nbf=MOMENT + 59), 200),
    "a life of an hour": (lambda p: p.token(exp=MOMENT + 3600), 200),
    "a longer life than an hour": (lambda p: p.token(exp=MOMENT + 3601), 401),
    "sub missing": (lambda p: p.token(sub=None), 401),
    "sub empty": (lambda p: p.token(sub=""), 401),
    "sub a number": (lambda p: p.token(sub=7), 401),
    "sub without end": (lambda p: p.token(sub="x" * 256), 401),
    "no subsidiary": (lambda p: p.token(kontor_subsidiaries=None), 403),
    "an empty list of subsidiaries": (lambda p: p.token(kontor_subsidiaries=[]), 403),
    "subsidiaries as text": (lambda p: p.token(kontor_subsidiaries="DE FR"), 200),
    "subsidiaries as an object": (lambda p: p.token(kontor_subsidiaries={"DE": True}), 401),
    "a list of odd subsidiaries": (lambda p: p.token(kontor_subsidiaries=["DE", 1]), 401),
    "a subsidiary that there is not": (lambda p: p.token(kontor_subsidiaries=["XX"]), 403),
    "no scope": (lambda p: p.token(scope=None), 403),
    "another scope": (lambda p: p.token(scope="plans:write"), 403),
    "scope in another case": (lambda p: p.token(scope="STATISTICS:READ"), 403),
    "two claims of one name": (twice, 401),
    "claims that are a list": (lambda p: p.signed("[]"), 401),
    "claims that are no JSON": (lambda p: p.signed("{"), 401),
    "claims nested without end": (lambda p: p.signed("[" * 9_000), 401),
    "a token within a token": (lambda p: p.signed(p.token(), cty="JWT"), 401),
    "five parts, as encrypted ones have": (lambda p: p.token() + ".a.b", 401),
    "one part": (lambda p: p.token().partition(".")[0], 401),
    "a megabyte": (lambda p: p.token(more="x" * (1 << 20)), 401),
    "nothing but dots": (lambda _: "..", 401),
}


def test_each_kind_of_token(front: Front) -> None:
    for name, (made, status) in CASES.items():
        token = made(front.issuer)
        answer = front.ask(token)
        assert answer.status_code == status, f"{name}: {answer.text}"
        if status == 200:
            assert "DE-C1" in answer.text, name
        else:
            assert answer.json()["type"] == {401: "/problems/not-authenticated", 403: "/problems/forbidden"}[status]
            assert token[-40:] not in answer.text or len(token) < 40, f"{name}: the answer repeats the token"
    assert "/attacker" not in front.issuer.asked, "keys come from where the settings lead to"


def test_a_token_elsewhere_than_in_its_header_is_not_seen(front: Front) -> None:
    token = front.issuer.token()
    assert front.ask(None, params={"access_token": token}).status_code == 401
    cookie = {"Cookie": f"access_token={token}; Authorization=Bearer {token}"}
    assert front.client.get("/v1/customers", headers=cookie).status_code == 401
    two = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {front.key}")]
    assert front.client.get("/v1/customers", headers=two).status_code == 401


def test_a_token_reaches_the_subsidiaries_of_its_claim(front: Front) -> None:
    asked = {"DE": ["DE"], "FR": ["FR"], "both": ["DE", "FR"], "all": "*"}
    seen = {}
    for name, claim in asked.items():
        items = front.ask(front.issuer.token(kontor_subsidiaries=claim)).json()["items"]
        seen[name] = [item["subsidiary"] for item in items]
    assert seen == {"DE": ["DE"], "FR": ["FR"], "both": ["DE", "FR"], "all": ["DE", "FR"]}
    assert front.ask(front.issuer.token(), "/v1/customers/FR/FR-C1").status_code == 404
    writing = {"Authorization": f"Bearer {front.issuer.token(scope='admin')}"}
    refused = front.client.put("/v1/group", json={"fiscal_year_start": 1}, headers=writing)
    assert refused.status_code == 403, "a token for some concerns not the whole group"


def test_records_name_the_subject_of_a_token_by_one_name(front: Front) -> None:
    principals = set()
    for place, more in enumerate(({"jti": "one"}, {"jti": "two"})):
        token = front.issuer.token(scope="admin", **more)
        path = f"/v1/subsidiaries/DE/closed-months/2025-0{place + 1}"
        answer = front.client.put(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (200, 201), answer.text
        principals.add(answer.json()["key_id"])
    assert principals == {principal_of(front.issuer.issuer, "bi-robot")}
    assert len(principals.pop()) == 32
    assert principal_of(front.issuer.issuer, "other") != principal_of(front.issuer.issuer, "bi-robot")


def test_the_command_tells_under_which_name_records_keep_a_subject() -> None:
    issuer = {"KONTOR_OIDC_ISSUER": "https://login.example"}
    told = CliRunner().invoke(commands, ["principal", "bi-robot"], env=issuer)
    assert told.output.strip() == principal_of("https://login.example", "bi-robot")
    assert CliRunner().invoke(commands, ["principal", "bi-robot"]).exit_code == 1


def test_a_service_without_an_issuer_takes_no_tokens(database_url: str) -> None:
    with provider() as issuer, TestClient(create_app(Settings(database_url=SecretStr(database_url)))) as client:
        headers = {"Authorization": f"Bearer {issuer.token()}"}
        assert client.get("/v1/customers", headers=headers).status_code == 401
        assert issuer.asked == []


def told(issuer: Provider, token: str, **settings: Any) -> Any:
    app = served("sqlite://", issuer, **settings)
    return anyio.run(app.state.issuer.verified, token)


def test_the_settings_say_what_the_words_of_a_claim_stand_for() -> None:
    given = {
        "oidc_scope_claim": "realm_access.roles",
        "oidc_scopes": {"analyst": ["statistics:read", "results:read"], "boss": ["plans:approve"]},
        "oidc_subsidiary_claim": "https://kontor.example/units",
        "oidc_subsidiaries": {"west": ["FR", "ES"], "head office": ["*"]},
    }
    with provider() as issuer:
        roles = {"roles": ["analyst", "admin"]}
        claims = {"realm_access": roles, "https://kontor.example/units": ["west", "DE"]}
        found = told(issuer, issuer.token(**claims), **given)
        assert found.scopes == {"statistics:read", "results:read"}, "`admin` is no word of the settings"
        assert found.codes == {"FR", "ES"}, "nor is `DE`"
        claims["https://kontor.example/units"] = ["head office"]
        assert told(issuer, issuer.token(**claims), **given).codes is None


def test_settings_that_cannot_be_meant_are_refused() -> None:
    with provider() as issuer:
        with pytest.raises(BadArgument, match="statistics:reed"):
            served("sqlite://", issuer, oidc_scopes={"x": ["statistics:reed"]})
        for wrong in ({"oidc_algorithms": ["HS256"]}, {"oidc_algorithms": ["none"]}, {"oidc_algorithms": []}):
            with pytest.raises(ValidationError):
                served("sqlite://", issuer, **wrong)
        for url in ("http://login.example", "ftp://login.example", "https://", "http://127.0.0.1.evil.example/"):
            with pytest.raises(ValidationError):
                served("sqlite://", issuer, oidc_jwks_url=url)
    with pytest.raises(BadArgument):
        Issuer(Settings(oidc_issuer="https://login.example"), lambda: NOW)
