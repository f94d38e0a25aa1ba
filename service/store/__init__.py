"""The only room that knows SQL: per noun its table and its queries. `database.py` and
`bulk.py` alone tell SQLite and PostgreSQL apart.

Every query on a subsidiary's data takes the caller's `Reach`, so none can forget it.
"""
