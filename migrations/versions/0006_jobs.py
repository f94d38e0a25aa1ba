"""Submissions that are worked on later

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submission", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_job_subsidiary_subsidiary_id")),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "sha256"],
            ["source.subsidiary_id", "source.sha256"],
            name=op.f("fk_job_source_subsidiary_id_sha256"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_job")),
    )
    op.create_table(
        "job_progress",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rows_checked", sa.BigInteger(), nullable=False),
        sa.Column("rows_loaded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_job_progress")),
    )


def downgrade() -> None:
    op.drop_table("job_progress")
    op.drop_table("job")
