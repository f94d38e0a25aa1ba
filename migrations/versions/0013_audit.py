"""The audit

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ordered = sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql")
    op.create_table(
        "audit_entry",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("principal", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("resource", ordered, nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_audit_entry_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_audit_entry")),
    )
    # Who could do all that is told here may read it.
    op.execute("UPDATE api_key SET scopes = scopes || ' audit:read' WHERE ' ' || scopes || ' ' LIKE '% admin %'")


def downgrade() -> None:
    op.execute("UPDATE api_key SET scopes = replace(scopes, ' audit:read', '')")
    op.drop_table("audit_entry")
