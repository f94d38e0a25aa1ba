"""Row-level security of PostgreSQL, for the tables of a revision. SQLite has none.

A transaction says which subsidiaries it may touch: `SET LOCAL kontor.reach = '{3,5}'`, or `'group'` for all of them.
One that says nothing gets an error as soon as there is a row to be judged. FORCE makes that hold for the owner too.
"""

from alembic import op

# As sub-selects both are found out once for a statement, not once a row; the second one even where the first is true,
# when a row was locked by somebody else meanwhile, or when several processes read.
_REACH = (
    "(SELECT current_setting('kontor.reach') = 'group')"
    " OR {column} = ANY ((SELECT CAST(nullif(current_setting('kontor.reach'), 'group') AS integer[]))::integer[])"
)


def confine(table: str, column: str = "subsidiary_id", *, readable: str | None = None) -> None:
    """Show and take only rows of subsidiaries in reach. Rows that fulfil `readable` can be read by everybody."""
    if op.get_context().dialect.name == "sqlite":
        return
    op.execute(f"CREATE POLICY reach ON {table} USING ({_REACH.format(column=column)})")
    if readable is not None:
        op.execute(f"CREATE POLICY readable ON {table} FOR SELECT USING ({readable})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def release(table: str) -> None:
    """Undo `confine`, of a table that stays."""
    if op.get_context().dialect.name == "sqlite":
        return
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for policy in ("reach", "readable"):
        op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
