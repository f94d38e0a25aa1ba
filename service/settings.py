"""Settings from the environment, `KONTOR_…`. Frozen, and handed to `create_app`; nothing else reads the environment.

A secret one is read from a file as well, `KONTOR_…_FILE`.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.failpoints import PATTERN

LEAST_KEY = 32
"""Characters of a key."""
SQLITE_DEFAULT = "sqlite:///kontor.db"
SAFE_URL = r"^(https://[^\s/]|http://(127\.0\.0\.1|localhost|\[::1\])[:/])\S*$"
"""What nobody between can change: https, or this very machine."""


class Settings(BaseSettings):
    """How this process runs. Each field is the variable `KONTOR_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: Annotated[
        SecretStr,
        Field(description="`sqlite:///FILE` or `postgresql://…`; unset: `kontor.db` in the working directory."),
    ] = SecretStr(SQLITE_DEFAULT)
    pool_size: Annotated[
        int, Field(ge=1, le=200, description="Quick requests worked on at once, per process, each with a connection.")
    ] = 16
    statement_timeout_ms: Annotated[
        int, Field(ge=100, description="PostgreSQL ends a statement that runs longer, in milliseconds.")
    ] = 120_000
    silence_seconds: Annotated[
        int,
        Field(
            ge=4,
            le=600,
            description="PostgreSQL that answers nothing for so long, not even a new connection, is given up: 503.",
        ),
    ] = 8
    service_role: Annotated[
        str,
        Field(
            pattern=r"^([a-z_][a-z0-9_]{0,62})?$",
            description="PostgreSQL role that the service runs as, where it is not the owner of the tables: "
            "`kontor migrate` makes it and gives it its rights.",
        ),
    ] = ""
    max_body_bytes: Annotated[
        int, Field(ge=1_000, description="A table (not JSON) may be this long, unpacked; a longer one is answered 413.")
    ] = 1024 * 1024 * 1024
    webhook_allow_private: Annotated[
        bool, Field(description="Webhooks may lead to addresses inside, and to any port.")
    ] = False
    webhook_allow_http: Annotated[bool, Field(description="Webhooks may do without TLS.")] = False
    webhook_secret_keys: Annotated[
        SecretStr | None,
        Field(
            description="Keys with which secrets of webhooks are kept, apart by spaces or commas, each of 32 random "
            "characters or more. The first one closes, all of them open; unset: secrets are stored as they are."
        ),
    ] = None
    audit_seal_key: Annotated[
        SecretStr | None,
        Field(
            min_length=LEAST_KEY,
            description="Signs what `kontor audit seal` writes: 32 random characters or more, kept from the database.",
        ),
    ] = None
    max_json_bytes: Annotated[
        int, Field(ge=1_000, description="A JSON body may be this long; a longer one is answered 413.")
    ] = 8 * 1024 * 1024
    show_contract: Annotated[
        bool, Field(description="Serve the contract and its page, `/docs`, to everybody; false: to nobody.")
    ] = True
    requests_per_minute: Annotated[
        int,
        Field(ge=0, description="Requests that a key may send in a minute, over all processes; 0: no limit."),
    ] = 6_000
    rows_per_minute: Annotated[
        int, Field(ge=0, description="Rows that a key may hand in in a minute, over all processes; 0: no limit.")
    ] = 5_000_000
    wrong_keys_per_minute: Annotated[
        int, Field(ge=0, description="Wrong keys that an address may try in a minute, per process; 0: no limit.")
    ] = 100
    quotas_url: Annotated[
        SecretStr | None,
        Field(description="`redis://host/0`: where processes add up what keys use; unset: the database."),
    ] = None
    read_timeout_seconds: Annotated[
        float, Field(gt=0, description="A read that takes longer is answered 503, in seconds.")
    ] = 30.0
    body_timeout_seconds: Annotated[float, Field(gt=0, description="So long a body may stop coming, in seconds.")] = (
        30.0
    )
    read_database_url: Annotated[
        SecretStr | None,
        Field(description="A replica of the database, for indicators, comparisons and plan totals; it may be behind."),
    ] = None
    linger_seconds: Annotated[
        float, Field(ge=0, le=600, description="After SIGTERM: so long it takes new requests yet, while not ready.")
    ] = 5.0
    drain_seconds: Annotated[
        int, Field(ge=0, le=600, description="After that: so long running requests have to end.")
    ] = 20
    oidc_issuer: Annotated[
        str | None,
        Field(pattern=SAFE_URL, description="Whose access tokens are taken: `iss`, letter by letter; unset: nobody's."),
    ] = None
    oidc_audience: Annotated[
        str | None, Field(min_length=1, description="What the tokens must be meant for: `aud`, or one of it.")
    ] = None
    oidc_jwks_url: Annotated[
        str | None,
        Field(
            pattern=SAFE_URL,
            description="Where the issuer's keys are; unset: where its `/.well-known/openid-configuration` says.",
        ),
    ] = None
    oidc_algorithms: Annotated[
        list[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]],
        Field(min_length=1, description="JSON list of the algorithms with which tokens may be signed."),
    ] = ["RS256", "ES256"]
    oidc_token_type: Annotated[
        str, Field(min_length=1, description="`typ` of a token; some issuers write `JWT`, over ID tokens too.")
    ] = "at+jwt"  # noqa: S105 - a media type
    oidc_scope_claim: Annotated[
        str, Field(min_length=1, description="Claim that says what a token may do; `a.b` is b in the object a.")
    ] = "scope"
    oidc_scopes: Annotated[
        dict[str, list[str]],
        Field(description="JSON: word of that claim → scopes, and no other word counts; empty: words are scopes."),
    ] = {}
    oidc_subsidiary_claim: Annotated[
        str, Field(min_length=1, description="Claim that says which subsidiaries a token reaches; `*`: all.")
    ] = "kontor_subsidiaries"
    oidc_subsidiaries: Annotated[
        dict[str, list[str]],
        Field(description="JSON: word of that claim → codes, and no other word counts; empty: words are codes."),
    ] = {}
    fault: Annotated[
        str, Field(pattern=PATTERN, description="For tests alone: where the process fails, `point:nth:action`.")
    ] = ""

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        """A secret may stand in a file that `KONTOR_<NAME>_FILE` names; the variable itself goes first."""
        found = {}
        for name, field in cls.model_fields.items():
            path = os.environ.get(f"KONTOR_{name.upper()}_FILE")
            if path and name not in given and SecretStr in (field.annotation, *get_args(field.annotation)):
                try:
                    found[name] = Path(path).read_text(encoding="utf-8").strip()
                except OSError as error:
                    raise ValueError(f"KONTOR_{name.upper()}_FILE cannot be read: {error.strerror}") from error
        return given | found

    @model_validator(mode="after")
    def _keys_are_long(self) -> Self:
        if any(len(key) < LEAST_KEY for key in self.keys_of_webhook_secrets):
            raise ValueError(f"A key of KONTOR_WEBHOOK_SECRET_KEYS has {LEAST_KEY} characters or more.")
        return self

    @property
    def keys_of_webhook_secrets(self) -> list[str]:
        keys = self.webhook_secret_keys
        return [] if keys is None else keys.get_secret_value().replace(",", " ").split()
