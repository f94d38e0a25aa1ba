"""Registers, the entries they make, and targets

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column(
            "deal", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_revision", "activity", ["subsidiary_id", "revision"], unique=False)
    op.create_table(
        "activity_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column(
            "deal", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", "until_revision", name=op.f("pk_activity_history")),
    )
    op.create_table(
        "deal",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=False),
        sa.Column("created", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("new_customer", sa.Integer(), nullable=False),
        sa.Column("stages", sa.String(length=2000), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("closed", sa.Date(), nullable=True),
        sa.Column("expected_close", sa.Date(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_deal")),
    )
    op.create_index("ix_deal_revision", "deal", ["subsidiary_id", "revision"], unique=False)
    op.create_table(
        "deal_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=False),
        sa.Column("created", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("new_customer", sa.Integer(), nullable=False),
        sa.Column("stages", sa.String(length=2000), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("closed", sa.Date(), nullable=True),
        sa.Column("expected_close", sa.Date(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", "until_revision", name=op.f("pk_deal_history")),
    )
    op.create_table(
        "sales_order",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("credit_shares", sa.String(length=1000), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("product_group_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("margin", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_sales_order")),
    )
    op.create_index("ix_sales_order_revision", "sales_order", ["subsidiary_id", "revision"], unique=False)
    op.create_table(
        "sales_order_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("credit_shares", sa.String(length=1000), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("product_group_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("margin", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", "until_revision", name=op.f("pk_sales_order_history")),
    )
    op.create_table(
        "entry",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "source",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("product_group_id", sa.Integer(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.BigInteger(), nullable=False),
        sa.Column("margin", sa.BigInteger(), nullable=False),
        sa.Column("quotes", sa.BigInteger(), nullable=False),
        sa.Column("quote_value", sa.BigInteger(), nullable=False),
        sa.Column("leads", sa.BigInteger(), nullable=False),
        sa.Column("qualified", sa.BigInteger(), nullable=False),
        sa.Column("offers", sa.BigInteger(), nullable=False),
        sa.Column("wins", sa.BigInteger(), nullable=False),
        sa.Column("lead_value", sa.BigInteger(), nullable=False),
        sa.Column("offer_value", sa.BigInteger(), nullable=False),
        sa.Column("win_value", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("meetings", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subsidiary_id", "feed", "source", "place", name=op.f("pk_entry")),
    )
    op.create_index(
        "ix_entry_line",
        "entry",
        ["subsidiary_id", "feed", "period", "customer_id", "salesperson_id", "channel_id", "product_group_id"],
        unique=False,
    )
    op.create_table(
        "target",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "team",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_target_subsidiary_subsidiary_id")),
        sa.PrimaryKeyConstraint(
            "subsidiary_id",
            "period",
            "measure",
            "salesperson_id",
            "team",
            "channel_id",
            "customer_id",
            "abc_class",
            name=op.f("pk_target"),
        ),
    )
    op.create_table(
        "target_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "team",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_target_history_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint(
            "subsidiary_id",
            "period",
            "measure",
            "salesperson_id",
            "team",
            "channel_id",
            "customer_id",
            "abc_class",
            "until_revision",
            name=op.f("pk_target_history"),
        ),
    )
    for group in ("results", "funnel", "activity"):
        op.add_column(
            "subsidiary", sa.Column(f"feed_{group}", sa.String(length=8), nullable=False, server_default="lines")
        )


def downgrade() -> None:
    for group in ("results", "funnel", "activity"):
        op.drop_column("subsidiary", f"feed_{group}")
    for table in (
        "target_history",
        "target",
        "entry",
        "sales_order_history",
        "sales_order",
        "deal_history",
        "deal",
        "activity_history",
        "activity",
    ):
        op.drop_table(table)
