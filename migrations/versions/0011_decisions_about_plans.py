"""Approved and superseded plans

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_decision",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plan", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("data_revision", sa.BigInteger(), nullable=False),
        sa.Column("successor", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "plan"],
            ["plan.subsidiary_id", "plan.number"],
            name=op.f("fk_plan_decision_plan_subsidiary_id_plan"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "plan", "status", name=op.f("pk_plan_decision")),
    )


def downgrade() -> None:
    op.drop_table("plan_decision")
