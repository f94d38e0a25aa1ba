"""PostgreSQL shows a transaction only the rows of the subsidiaries that it says it may touch

Revision: 0019, after 0018
"""

from alembic import op

from migrations.row_security import confine, release

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OF_A_SUBSIDIARY = (
    "activity",
    "activity_history",
    "audit_entry",
    "channel",
    "closed_month",
    "closed_month_event",
    "customer",
    "customer_history",
    "customer_override",
    "data_revision",
    "deal",
    "deal_history",
    "delivery",
    "employment",
    "employment_history",
    "entry",
    "event",
    "idempotency",
    "job",
    "job_progress",
    "line",
    "line_history",
    "plan",
    "plan_decision",
    "plan_input",
    "plan_line",
    "product_group",
    "requirement",
    "requirement_line",
    "sales_order",
    "sales_order_history",
    "salesperson",
    "segment_row",
    "segmentation",
    "source",
    "source_chunk",
    "submission",
    "submission_problem",
    "target",
    "target_history",
    "webhook",
)


def upgrade() -> None:
    for table in OF_A_SUBSIDIARY:
        confine(table)
    # The group's own rows concern everybody.
    confine("subsidiary", "id", readable="id = 0")
    confine("method", readable="subsidiary_id = 0")
    # Which subsidiaries a key reaches is asked before a reach is known; and a key that reaches further than the one
    # who asks for it is hidden from him by those rows that he does not reach.
    confine("api_key_subsidiary", readable="true")
    if op.get_context().dialect.name == "postgresql":
        # A service that does not own the tables cannot tell PostgreSQL to look at one that it has just filled.
        op.execute(
            "CREATE FUNCTION kontor_analyze(filled regclass) RETURNS void LANGUAGE plpgsql"
            " SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
            " AS $$ BEGIN EXECUTE format('ANALYZE %s', filled); END $$"
        )
        op.execute("REVOKE ALL ON FUNCTION kontor_analyze(regclass) FROM PUBLIC")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION kontor_analyze(regclass)")
    for table in (*OF_A_SUBSIDIARY, "subsidiary", "method", "api_key_subsidiary"):
        release(table)
