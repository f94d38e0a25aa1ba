"""Webhooks, what happened, and its deliveries

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[str]:
    return sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", _id(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_event_subsidiary_subsidiary_id")),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_event")),
    )
    op.create_table(
        "webhook",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("events", sa.String(length=400), nullable=False),
        sa.Column("attainment_limit", sa.BigInteger(), nullable=True),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("former_secret", sa.String(length=100), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_webhook_subsidiary_subsidiary_id")),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_webhook")),
    )
    op.create_table(
        "delivery",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("webhook", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", _id(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "webhook"],
            ["webhook.subsidiary_id", "webhook.number"],
            name=op.f("fk_delivery_webhook_subsidiary_id_webhook"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "webhook", "id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_subsidiary_id_webhook_due_at", "delivery", ["subsidiary_id", "webhook", "due_at"])


def downgrade() -> None:
    for name in ("delivery", "webhook", "event"):
        op.drop_table(name)
