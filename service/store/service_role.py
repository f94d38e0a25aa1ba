"""The role of PostgreSQL that the service runs as: it reads and writes rows within its reach, and owns nothing."""

from sqlalchemy import Connection, text

from service.errors import BadArgument
from service.wording import say

_OF_ROLE = text(
    "SELECT rolsuper OR rolbypassrls AS free, pg_has_role(oid, CURRENT_USER, 'MEMBER') AS owner"
    " FROM pg_roles WHERE rolname = :role"
)
_FREE = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = CURRENT_USER")
_SESSION = {"timezone": "'UTC'", "lock_timeout": "'2s'", "idle_in_transaction_session_timeout": "'60s'"}
"""What a session is given anyway, for poolers that do not pass on what a client asks for at its start."""


def grant(connection: Connection, role: str) -> None:
    """Give a role what the service needs, and make it where there is none; BadArgument if it has too much already."""
    if connection.dialect.name == "sqlite":
        raise BadArgument("service_role", say("SQLite has no roles: unset KONTOR_SERVICE_ROLE."))
    name = connection.dialect.identifier_preparer.quote(role)
    found = connection.execute(_OF_ROLE, {"role": role}).one_or_none()
    if found is None:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
        for setting, value in _SESSION.items():
            connection.exec_driver_sql(f"ALTER ROLE {name} SET {setting} = {value}")
    elif found.free or found.owner:
        raise BadArgument(
            "service_role",
            say("{role} is a superuser, bypasses row-level security, or can act as the tables' owner.", role=role),
        )
    schema: str = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    for rights, things in (
        ("USAGE", f"SCHEMA {schema}"),
        ("SELECT, INSERT, UPDATE, DELETE", f"ALL TABLES IN SCHEMA {schema}"),
        ("USAGE", f"ALL SEQUENCES IN SCHEMA {schema}"),
        ("EXECUTE", "FUNCTION kontor_analyze(regclass)"),
    ):
        connection.exec_driver_sql(f"GRANT {rights} ON {things} TO {name}")
    connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}")
    # Entries of the audit are added and read, never changed.
    connection.exec_driver_sql(f"REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM {name}")


def sees_everything(connection: Connection) -> bool:
    """Whether row-level security does not hold for the role of this connection."""
    if connection.dialect.name == "sqlite":
        return False
    free: bool = connection.execute(_FREE).scalar_one()
    return free
