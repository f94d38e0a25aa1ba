"""Settings from the environment, `KONTOR_…`. Frozen, and handed to `create_app`; nothing else reads the environment."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SQLITE_DEFAULT = "sqlite:///kontor.db"


class Settings(BaseSettings):
    """How this process runs. Each field is the variable `KONTOR_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", frozen=True, extra="ignore")

    database_url: Annotated[
        SecretStr,
        Field(description="`sqlite:///FILE` or `postgresql://…`; unset: `kontor.db` in the working directory."),
    ] = SecretStr(SQLITE_DEFAULT)
    pool_size: Annotated[
        int, Field(ge=1, le=200, description="Database connections, and so requests worked on at once, per process.")
    ] = 16
    statement_timeout_ms: Annotated[
        int, Field(ge=100, description="PostgreSQL ends a statement that runs longer, in milliseconds.")
    ] = 120_000
    max_body_bytes: Annotated[
        int, Field(ge=1_000, description="A table (not JSON) may be this long, unpacked; a longer one is answered 413.")
    ] = 1024 * 1024 * 1024
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
