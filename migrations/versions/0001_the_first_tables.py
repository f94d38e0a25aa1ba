"""The first tables, and the row that stands for the group

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=400), nullable=False),
        sa.Column("whole_group", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_table(
        "exchange_rate",
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reference", sa.String(length=3), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("period", "currency", "reference", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "exchange_rate_history",
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reference", sa.String(length=3), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(
            "period", "currency", "reference", "until_revision", name=op.f("pk_exchange_rate_history")
        ),
    )
    op.create_table(
        "subsidiary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("data_revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidiary")),
        sa.UniqueConstraint("code", name=op.f("uq_subsidiary_code")),
    )
    op.create_table(
        "api_key_subsidiary",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_api_key_subsidiary_api_key_key_id")),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_api_key_subsidiary_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "key_id", name=op.f("pk_api_key_subsidiary")),
    )
    op.create_table(
        "channel",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "code",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_channel_subsidiary_subsidiary_id")),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_channel")),
        sa.UniqueConstraint("subsidiary_id", "code", name=op.f("uq_channel_subsidiary_id_code")),
    )
    op.create_table(
        "idempotency",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "key",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_idempotency_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "line_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_group_id", sa.Integer(), autoincrement=False, nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_line_history_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint(
            "subsidiary_id",
            "period",
            "customer_id",
            "salesperson_id",
            "channel_id",
            "product_group_id",
            "until_revision",
            name=op.f("pk_line_history"),
        ),
    )
    op.create_table(
        "plan",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("data_revision", sa.BigInteger(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_plan_subsidiary_subsidiary_id")),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_plan")),
        sa.UniqueConstraint("subsidiary_id", "digest", name=op.f("uq_plan_subsidiary_id_digest")),
    )
    op.create_table(
        "product_group",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "code",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_product_group_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_product_group")),
        sa.UniqueConstraint("subsidiary_id", "code", name=op.f("uq_product_group_subsidiary_id_code")),
    )
    op.create_table(
        "requirement",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("data_revision", sa.BigInteger(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_requirement_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_requirement")),
        sa.UniqueConstraint("subsidiary_id", "digest", name=op.f("uq_requirement_subsidiary_id_digest")),
    )
    op.create_table(
        "salesperson",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "code", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_salesperson_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_salesperson")),
        sa.UniqueConstraint("subsidiary_id", "code", name=op.f("uq_salesperson_subsidiary_id_code")),
    )
    op.create_table(
        "segmentation",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("data_revision", sa.BigInteger(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_segmentation_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_segmentation")),
        sa.UniqueConstraint("subsidiary_id", "digest", name=op.f("uq_segmentation_subsidiary_id_digest")),
    )
    op.create_table(
        "source",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_source_subsidiary_subsidiary_id")),
        sa.PrimaryKeyConstraint("subsidiary_id", "sha256", name=op.f("pk_source")),
    )
    op.create_table(
        "customer",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "code", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("potential", sa.BigInteger(), nullable=True),
        sa.Column("potential_date", sa.Date(), nullable=True),
        sa.Column("potential_source", sa.String(length=16), nullable=False),
        sa.Column("industry", sa.String(length=120), nullable=False),
        sa.Column("region", sa.String(length=120), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "channel_id"],
            ["channel.subsidiary_id", "channel.id"],
            name=op.f("fk_customer_channel_subsidiary_id_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "salesperson_id"],
            ["salesperson.subsidiary_id", "salesperson.id"],
            name=op.f("fk_customer_salesperson_subsidiary_id_salesperson_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_customer_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", name=op.f("pk_customer")),
        sa.UniqueConstraint("subsidiary_id", "code", name=op.f("uq_customer_subsidiary_id_code")),
    )
    op.create_index("ix_customer_salesperson", "customer", ["subsidiary_id", "salesperson_id"], unique=False)
    op.create_table(
        "employment",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("team", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=120), nullable=False),
        sa.Column("fte", sa.BigInteger(), nullable=False),
        sa.Column("hours_a_day", sa.BigInteger(), nullable=False),
        sa.Column("monthly_cost", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "salesperson_id"],
            ["salesperson.subsidiary_id", "salesperson.id"],
            name=op.f("fk_employment_salesperson_subsidiary_id_salesperson_id"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "salesperson_id", "start", name=op.f("pk_employment")),
    )
    op.create_table(
        "employment_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("team", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=120), nullable=False),
        sa.Column("fte", sa.BigInteger(), nullable=False),
        sa.Column("hours_a_day", sa.BigInteger(), nullable=False),
        sa.Column("monthly_cost", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "salesperson_id"],
            ["salesperson.subsidiary_id", "salesperson.id"],
            name=op.f("fk_employment_history_salesperson_subsidiary_id_salesperson_id"),
        ),
        sa.PrimaryKeyConstraint(
            "subsidiary_id", "salesperson_id", "start", "until_revision", name=op.f("pk_employment_history")
        ),
    )
    op.create_table(
        "plan_input",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plan", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "salesperson",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "abc_class",
            sa.String(length=1).with_variant(sa.String(length=1, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "name", sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("provenance", sa.String(length=200), nullable=False),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "plan"],
            ["plan.subsidiary_id", "plan.number"],
            name=op.f("fk_plan_input_plan_subsidiary_id_plan"),
        ),
        sa.PrimaryKeyConstraint(
            "subsidiary_id", "plan", "salesperson", "channel", "abc_class", "name", name=op.f("pk_plan_input")
        ),
    )
    op.create_table(
        "plan_line",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plan", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "salesperson",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "abc_class",
            sa.String(length=1).with_variant(sa.String(length=1, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "block",
            sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revenue", sa.BigInteger(), nullable=False),
        sa.Column("margin", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "plan"],
            ["plan.subsidiary_id", "plan.number"],
            name=op.f("fk_plan_line_plan_subsidiary_id_plan"),
        ),
        sa.PrimaryKeyConstraint(
            "subsidiary_id", "plan", "salesperson", "channel", "abc_class", "block", "period", name=op.f("pk_plan_line")
        ),
    )
    op.create_table(
        "requirement_line",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("requirement", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "salesperson",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "abc_class",
            sa.String(length=1).with_variant(sa.String(length=1, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "kind", sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "requirement"],
            ["requirement.subsidiary_id", "requirement.number"],
            name=op.f("fk_requirement_line_requirement_subsidiary_id_requirement"),
        ),
        sa.PrimaryKeyConstraint(
            "subsidiary_id",
            "requirement",
            "salesperson",
            "channel",
            "abc_class",
            "kind",
            name=op.f("pk_requirement_line"),
        ),
    )
    op.create_table(
        "submission",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("content_type", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("problem_count", sa.Integer(), nullable=False),
        sa.Column("data_revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "sha256"],
            ["source.subsidiary_id", "source.sha256"],
            name=op.f("fk_submission_source_subsidiary_id_sha256"),
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_submission_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "number", name=op.f("pk_submission")),
    )
    op.create_table(
        "customer_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "code", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("potential", sa.BigInteger(), nullable=True),
        sa.Column("potential_date", sa.Date(), nullable=True),
        sa.Column("potential_source", sa.String(length=16), nullable=False),
        sa.Column("industry", sa.String(length=120), nullable=False),
        sa.Column("region", sa.String(length=120), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "id"],
            ["customer.subsidiary_id", "customer.id"],
            name=op.f("fk_customer_history_customer_subsidiary_id_id"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "id", "until_revision", name=op.f("pk_customer_history")),
    )
    op.create_table(
        "line",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_group_id", sa.Integer(), autoincrement=False, nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "channel_id"],
            ["channel.subsidiary_id", "channel.id"],
            name=op.f("fk_line_channel_subsidiary_id_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "customer_id"],
            ["customer.subsidiary_id", "customer.id"],
            name=op.f("fk_line_customer_subsidiary_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "product_group_id"],
            ["product_group.subsidiary_id", "product_group.id"],
            name=op.f("fk_line_product_group_subsidiary_id_product_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "salesperson_id"],
            ["salesperson.subsidiary_id", "salesperson.id"],
            name=op.f("fk_line_salesperson_subsidiary_id_salesperson_id"),
        ),
        sa.ForeignKeyConstraint(["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_line_subsidiary_subsidiary_id")),
        sa.PrimaryKeyConstraint(
            "subsidiary_id",
            "period",
            "customer_id",
            "salesperson_id",
            "channel_id",
            "product_group_id",
            name=op.f("pk_line"),
        ),
    )
    op.create_index("ix_line_customer", "line", ["subsidiary_id", "customer_id", "period"], unique=False)
    op.create_table(
        "segment_row",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("segmentation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("prior_value", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.BigInteger(), nullable=False),
        sa.Column("margin", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=False),
        sa.Column("prior_class", sa.String(length=1), nullable=False),
        sa.Column("raw_prior_class", sa.String(length=1), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("to_next_class", sa.BigInteger(), nullable=True),
        sa.Column("scope_value", sa.BigInteger(), nullable=False),
        sa.Column("potential_class", sa.String(length=1), nullable=False),
        sa.Column("effective_potential", sa.BigInteger(), nullable=False),
        sa.Column("potential_assumed", sa.Boolean(), nullable=False),
        sa.Column("potential_understated", sa.Boolean(), nullable=False),
        sa.Column("gap", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("regularity", sa.String(length=1), nullable=False),
        sa.Column("segment", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "customer_id"],
            ["customer.subsidiary_id", "customer.id"],
            name=op.f("fk_segment_row_customer_subsidiary_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "segmentation"],
            ["segmentation.subsidiary_id", "segmentation.number"],
            name=op.f("fk_segment_row_segmentation_subsidiary_id_segmentation"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "segmentation", "customer_id", name=op.f("pk_segment_row")),
    )
    op.create_table(
        "submission_problem",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("submission", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("column", sa.String(length=120), nullable=True),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "submission"],
            ["submission.subsidiary_id", "submission.number"],
            name=op.f("fk_submission_problem_submission_subsidiary_id_submission"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "submission", "place", name=op.f("pk_submission_problem")),
    )
    # The group owns what belongs to no subsidiary, under the id 0.
    op.execute(
        "INSERT INTO subsidiary (id, code, name, country, currency, data_revision, created_at, updated_at)"
        " VALUES (0, '', '', '', '', 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    )


def downgrade() -> None:
    op.drop_table("submission_problem")
    op.drop_table("segment_row")
    op.drop_index("ix_line_customer", table_name="line")
    op.drop_table("line")
    op.drop_table("customer_history")
    op.drop_table("submission")
    op.drop_table("requirement_line")
    op.drop_table("plan_line")
    op.drop_table("plan_input")
    op.drop_table("employment_history")
    op.drop_table("employment")
    op.drop_index("ix_customer_salesperson", table_name="customer")
    op.drop_table("customer")
    op.drop_table("source")
    op.drop_table("segmentation")
    op.drop_table("salesperson")
    op.drop_table("requirement")
    op.drop_table("product_group")
    op.drop_table("plan")
    op.drop_table("line_history")
    op.drop_table("idempotency")
    op.drop_table("channel")
    op.drop_table("api_key_subsidiary")
    op.drop_table("subsidiary")
    op.drop_table("exchange_rate_history")
    op.drop_table("exchange_rate")
    op.drop_table("api_key")
