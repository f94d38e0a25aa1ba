"""Rows of segmentations say why, and may be the group's; overrides of classes and segments

Revision: 0008, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEPT = (
    "subsidiary_id, segmentation, customer_id, scope, value, prior_value, revenue, margin, orders, abc_class,"
    " prior_class, raw_prior_class, before, scope_value, potential_class, effective_potential, potential_assumed,"
    " potential_understated, state, regularity, segment"
)


def upgrade() -> None:
    op.execute("CREATE TABLE former AS SELECT * FROM segment_row")
    op.drop_table("segment_row")
    _create_rows()
    # What a segmentation from before did not keep is 0 here: its tables stay in its summary.
    of = "FROM former AS own WHERE own.subsidiary_id = former.subsidiary_id"
    of += " AND own.segmentation = former.segmentation AND own.scope = former.scope AND own.abc_class"
    op.execute(
        f"INSERT INTO segment_row ({KEPT}, owner, prior_revenue, quotes, contacts, hours, potential_source,"  # noqa: S608
        f" floor_a, floor_b) SELECT {KEPT}, subsidiary_id, 0, 0, 0, 0, '',"
        f" (SELECT min(own.value) {of} = 'A'), (SELECT min(own.value) {of} IN ('A', 'B')) FROM former"
    )
    op.drop_table("former")
    op.create_table(
        "customer_override",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=True),
        sa.Column("segment", sa.String(length=8), nullable=True),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("subsidiary_id", "customer_id", "number", name=op.f("pk_customer_override")),
    )


def _create_rows() -> None:
    op.create_table(
        "segment_row",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("segmentation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.String(length=120), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("prior_value", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.BigInteger(), nullable=False),
        sa.Column("prior_revenue", sa.BigInteger(), nullable=False),
        sa.Column("margin", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("quotes", sa.BigInteger(), nullable=False),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=False),
        sa.Column("prior_class", sa.String(length=1), nullable=False),
        sa.Column("raw_prior_class", sa.String(length=1), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("scope_value", sa.BigInteger(), nullable=False),
        sa.Column("floor_a", sa.BigInteger(), nullable=True),
        sa.Column("floor_b", sa.BigInteger(), nullable=True),
        sa.Column("potential_class", sa.String(length=1), nullable=False),
        sa.Column("effective_potential", sa.BigInteger(), nullable=False),
        sa.Column("potential_assumed", sa.Boolean(), nullable=False),
        sa.Column("potential_understated", sa.Boolean(), nullable=False),
        sa.Column("potential_source", sa.String(length=16), nullable=False),
        sa.Column("potential_date", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("regularity", sa.String(length=1), nullable=False),
        sa.Column("segment", sa.String(length=8), nullable=False),
        sa.Column("days_since_order", sa.Integer(), nullable=True),
        sa.Column("order_interval", sa.BigInteger(), nullable=True),
        sa.Column("at_risk", sa.Boolean(), nullable=True),
        sa.Column("set_class", sa.String(length=1), nullable=True),
        sa.Column("set_segment", sa.String(length=8), nullable=True),
        sa.PrimaryKeyConstraint("subsidiary_id", "owner", "segmentation", "customer_id", name=op.f("pk_segment_row")),
    )


def downgrade() -> None:
    """The former table holds nothing of the group, and no overrides."""
    op.drop_table("customer_override")
    op.execute("CREATE TABLE former AS SELECT * FROM segment_row WHERE owner <> 0")
    op.drop_table("segment_row")
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
    bought = "CASE WHEN value > 0 THEN value ELSE 0 END"
    above = "CASE abc_class WHEN 'B' THEN floor_a WHEN 'C' THEN floor_b WHEN 'N' THEN 0 END"
    op.execute(
        f"INSERT INTO segment_row ({KEPT}, to_next_class, gap)"  # noqa: S608
        f" SELECT {KEPT}, {above} - value, effective_potential - {bought} FROM former"
    )
    op.drop_table("former")
