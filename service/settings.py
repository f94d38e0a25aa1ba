"""Settings from the environment, `KONTOR_…`. Frozen, and handed to `create_app`; nothing else reads the environment."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.failpoints import PATTERN

SQLITE_DEFAULT = "sqlite:///kontor.db"
SAFE_URL = r"^(https://[^\s/]|http://(127\.0\.0\.1|localhost|\[::1\])[:/])\S*$"
"""What nobody between can change: https, or this very machine."""


class Settings(BaseSettings):
    """How this process runs. Each field is the variable `KONTOR_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore")

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
    audit_seal_key: Annotated[
        SecretStr | None,
        Field(
            min_length=32,
            description="Signs what `kontor audit seal` writes: 32 random characters or more, kept from the database.",
        ),
    ] = None
    max_json_bytes: Annotated[
        int, Field(ge=1_000, description="A JSON body may be this long; a longer one is answered 413.")
    ] = 8 * 1024 * 1024
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
        float, Field(gt=0, description="A request that reads for longer is answered 503, in seconds.")
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
