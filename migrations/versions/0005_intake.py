"""Lines know their feed, sources are kept in pieces, submissions can be withdrawn

Revision: 0005, after 0004
"""

import zlib

import pyarrow as pa
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


CHUNK = 4 << 20


def upgrade() -> None:
    _lines_with_feed()
    _history_without_key()
    _sources_in_pieces()
    _submissions()


def _lines_with_feed() -> None:
    for name in ("line", "line_history"):
        op.execute(f"CREATE TABLE former AS SELECT * FROM {name}")  # noqa: S608 - our own names
        op.drop_table(name)
        _create_line() if name == "line" else _create_line_history()
        names = [column["name"] for column in sa.inspect(op.get_bind()).get_columns("former")]
        columns = ", ".join(names)
        op.execute(f"INSERT INTO {name} ({columns}, feed) SELECT {columns}, 0 FROM former")  # noqa: S608 - our own names
        op.drop_table("former")


def _create_line() -> None:
    op.create_table(
        "line",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Integer(), autoincrement=False, nullable=False),
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
        sa.PrimaryKeyConstraint(
            "subsidiary_id",
            "period",
            "customer_id",
            "salesperson_id",
            "channel_id",
            "product_group_id",
            "feed",
            name=op.f("pk_line"),
        ),
    )
    op.create_index("ix_line_customer", "line", ["subsidiary_id", "customer_id", "period"], unique=False)


def _create_line_history() -> None:
    op.create_table(
        "line_history",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salesperson_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Integer(), autoincrement=False, nullable=False),
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
        sa.PrimaryKeyConstraint(
            "subsidiary_id",
            "period",
            "customer_id",
            "salesperson_id",
            "channel_id",
            "product_group_id",
            "feed",
            "until_revision",
            name=op.f("pk_line_history"),
        ),
    )


def _history_without_key() -> None:
    op.execute("CREATE TABLE former AS SELECT * FROM customer_history")
    op.drop_table("customer_history")
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
        sa.PrimaryKeyConstraint("subsidiary_id", "id", "until_revision", name=op.f("pk_customer_history")),
    )
    op.execute("INSERT INTO customer_history SELECT * FROM former")
    op.drop_table("former")


def _sources_in_pieces() -> None:
    op.create_table(
        "source_chunk",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subsidiary_id", "sha256"],
            ["source.subsidiary_id", "source.sha256"],
            name=op.f("fk_source_chunk_source_subsidiary_id_sha256"),
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "sha256", "place", name=op.f("pk_source_chunk")),
    )
    bind = op.get_bind()
    source = sa.table("source", sa.column("subsidiary_id"), sa.column("sha256"), sa.column("content", sa.LargeBinary))
    chunk = sa.table(
        "source_chunk", *(sa.column(name) for name in ("subsidiary_id", "sha256", "place", "size", "content"))
    )
    codec = pa.Codec("zstd", compression_level=1)
    for key in bind.execute(sa.select(source.c.subsidiary_id, source.c.sha256)).all():
        condition = (source.c.subsidiary_id == key.subsidiary_id) & (source.c.sha256 == key.sha256)
        body = zlib.decompress(bind.execute(sa.select(source.c.content).where(condition)).scalar_one())
        for place, start in enumerate(range(0, len(body), CHUNK)):
            piece = body[start : start + CHUNK]
            content = codec.compress(piece, asbytes=True)
            values = {
                "subsidiary_id": key.subsidiary_id,
                "sha256": key.sha256,
                "place": place,
                "size": len(piece),
                "content": content,
            }
            bind.execute(sa.insert(chunk).values(values))
    op.drop_column("source", "content")


def _submissions() -> None:
    for name, kind, default in TEXTS:
        op.add_column("submission", sa.Column(name, kind, nullable=False, server_default=default))
    op.execute("UPDATE submission SET format = CASE content_type WHEN 'text/csv' THEN 'csv' ELSE 'json' END")
    op.drop_column("submission", "content_type")
    op.add_column("submission", sa.Column("removed", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("submission", sa.Column("warning_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("submission", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("submission", sa.Column("withdrawn_revision", sa.BigInteger(), nullable=True))
    op.add_column("submission_problem", sa.Column("cell", sa.String(length=300), nullable=True))
    op.add_column("submission_problem", sa.Column("warning", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "data_revision",
        sa.Column("subsidiary_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subsidiary_id"], ["subsidiary.id"], name=op.f("fk_data_revision_subsidiary_subsidiary_id")
        ),
        sa.PrimaryKeyConstraint("subsidiary_id", "revision", name=op.f("pk_data_revision")),
    )
    op.execute(
        "INSERT INTO data_revision (subsidiary_id, revision, at, key_id, action, submission)"
        " SELECT subsidiary_id, data_revision, min(received_at), min(key_id), 'submission', min(number)"
        " FROM submission WHERE added + corrected > 0 GROUP BY subsidiary_id, data_revision"
    )


TEXTS = (
    ("format", sa.String(length=8), "json"),
    ("content_encoding", sa.String(length=16), ""),
    ("query", sa.Text(), ""),
    ("reason", sa.String(length=500), ""),
    ("control", sa.Text(), "[]"),
    ("withdrawn_reason", sa.String(length=500), ""),
)


def downgrade() -> None:
    """Only of a database into which nothing was handed in: the former tables cannot hold what came since."""
    bind = op.get_bind()
    if bind.execute(sa.text("SELECT count(*) FROM source")).scalar_one():
        raise RuntimeError("what was handed in would be lost: restore a backup instead")
    op.drop_table("data_revision")
    op.drop_column("submission_problem", "warning")
    op.drop_column("submission_problem", "cell")
    for name in ("withdrawn_revision", "withdrawn_at", "warning_count", "removed", *(name for name, _, _ in TEXTS)):
        op.drop_column("submission", name)
    op.add_column(
        "submission", sa.Column("content_type", sa.String(length=64), nullable=False, server_default="text/csv")
    )
    op.drop_table("source_chunk")
    op.add_column("source", sa.Column("content", sa.LargeBinary(), nullable=False, server_default=""))
    for name in ("customer_history", "line_history", "line"):
        op.drop_table(name)
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
