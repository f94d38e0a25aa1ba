"""Rotation and last use of keys, and a scope of its own for posting methods

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("former_hash", sa.String(length=64), nullable=True))
    op.add_column("api_key", sa.Column("former_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("api_key", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    # Who could post methods before still can.
    op.execute("UPDATE api_key SET scopes = scopes || ' method:write' WHERE ' ' || scopes || ' ' LIKE '% admin %'")


def downgrade() -> None:
    op.execute("UPDATE api_key SET scopes = replace(scopes, ' method:write', '')")
    for name in ("last_used_at", "former_until", "former_hash"):
        op.drop_column("api_key", name)
