"""Views for those who sit on the database: `bi_…`, documented in docs/analysts.md

They show what a stored row says, with the codes of what it points to: amounts with their decimals, months as text and
as their first day. Names of customers and salespeople are in none. On PostgreSQL they read with the rights of who asks.

Revision: 0017, after 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MEASURES = (
    "orders",
    "revenue",
    "margin",
    "quotes",
    "quote_value",
    "leads",
    "qualified",
    "offers",
    "wins",
    "lead_value",
    "offer_value",
    "win_value",
    "calls",
    "meetings",
    "hours",
)
AMOUNTS = ("value", "prior_value", "revenue", "prior_revenue", "margin", "orders", "contacts", "hours")
CLASSES = """abc_class, coalesce(set_class, abc_class) AS effective_class, potential_class, state, regularity,
       segment, coalesce(set_segment, segment) AS effective_segment"""
NEWEST = """JOIN (SELECT subsidiary_id, max(number) AS number FROM segmentation WHERE subsidiary_id <> 0
      GROUP BY subsidiary_id) n ON n.subsidiary_id = r.subsidiary_id AND n.subsidiary_id = r.owner
     AND n.number = r.segmentation"""


def amount(expression: str) -> str:
    """Ten-thousandths with their decimals; SQLite has no decimals, and answers in binary floating point."""
    if op.get_bind().dialect.name == "sqlite":
        return f"({expression}) / 10000.0"
    return f"CAST(({expression}) * 0.0001 AS numeric(23, 4))"


def amounts(names: tuple[str, ...], rows: str) -> str:
    return ", ".join(f"{amount(f'{rows}.{name}')} AS {name}" for name in names)


def sums(names: tuple[str, ...], rows: str) -> str:
    return ", ".join(f"{amount(f'sum({rows}.{name})')} AS {name}" for name in names)


def month(expression: str) -> str:
    """A month as YYYY-MM and as its first day."""
    if op.get_bind().dialect.name == "sqlite":
        text = f"printf('%04d-%02d', {expression} / 12, {expression} % 12 + 1)"
        return f"{text} AS period, {text} || '-01' AS month_start"
    day = f"make_date({expression} / 12, {expression} % 12 + 1, 1)"
    return f"to_char({day}, 'YYYY-MM') AS period, {day} AS month_start"


def noun(name: str, rows: str) -> str:
    return f"JOIN {name} {name}_ ON {name}_.subsidiary_id = {rows}.subsidiary_id AND {name}_.id = {rows}.{name}_id"


def identifier(number: str) -> str:
    return f"s.code || '.' || CAST({number} AS varchar(10))"


def of_customer() -> tuple[str, str]:
    """A customer's own seller, as p, and channel."""
    seller = "JOIN salesperson p ON p.subsidiary_id = customer_.subsidiary_id AND p.id = customer_.salesperson_id"
    return seller, noun("channel", "customer_")


def of_data() -> dict[str, str]:
    """The views of what was handed in, by name."""
    subsidiary = "JOIN subsidiary s ON s.id ="
    nouns = " ".join(noun(name, "l") for name in ("customer", "salesperson", "channel", "product_group"))
    seller, channel = of_customer()
    return {
        "bi_customers": f"""SELECT s.code AS subsidiary, customer_.code AS customer, p.code AS salesperson,
       channel_.code AS channel, s.currency, {amount("customer_.potential")} AS potential, customer_.potential_date,
       customer_.potential_source, customer_.industry, customer_.region, customer_.since
FROM customer customer_ {subsidiary} customer_.subsidiary_id {seller} {channel} WHERE customer_.id <> 0""",  # noqa: S608
        "bi_salespeople": f"""SELECT s.code AS subsidiary, salesperson_.code AS salesperson, e.start AS start_date,
       e."end" AS end_date, e.team, e.role, {amounts(("fte", "hours_a_day", "monthly_cost"), "e")}, s.currency
FROM employment e {subsidiary} e.subsidiary_id {noun("salesperson", "e")}""",  # noqa: S608
        "bi_statistics": f"""SELECT s.code AS subsidiary, {month("l.period")}, customer_.code AS customer,
       salesperson_.code AS salesperson, channel_.code AS channel, product_group_.code AS product_group, s.currency,
       CASE l.feed WHEN 0 THEN 'statistics' WHEN 1 THEN 'orders' WHEN 2 THEN 'deals' ELSE 'activities' END AS feed,
       {amounts(MEASURES, "l")}
FROM line l {subsidiary} l.subsidiary_id {nouns}""",  # noqa: S608
        "bi_months": f"""SELECT s.code AS subsidiary, {month("l.period")}, s.currency,
       {sums(MEASURES, "l")}
FROM line l {subsidiary} l.subsidiary_id GROUP BY s.code, l.period, s.currency""",  # noqa: S608
    }


def of_results() -> dict[str, str]:
    """The views of what was calculated and kept, by name."""
    subsidiary = "JOIN subsidiary s ON s.id ="
    whose = f"{subsidiary} r.subsidiary_id {noun('customer', 'r')}"
    seller, channel = of_customer()
    return {
        "bi_segments": f"""SELECT s.code AS subsidiary, {identifier("r.segmentation")} AS segmentation,
       customer_.code AS customer, p.code AS salesperson, channel_.code AS channel, s.currency, r.scope,
       {CLASSES}, {amounts(AMOUNTS, "r")}, {amount("r.effective_potential")} AS effective_potential,
       r.days_since_order, r.at_risk
FROM segment_row r {whose} {seller} {channel} {NEWEST}""",  # noqa: S608
        "bi_class_table": f"""SELECT s.code AS subsidiary, {identifier("r.segmentation")} AS segmentation, s.currency,
       r.scope, r.abc_class, r.segment, count(*) AS customers,
       sum(CASE WHEN r.revenue > 0 THEN 1 ELSE 0 END) AS active,
       {sums(("revenue", "margin", "orders", "contacts", "hours"), "r")},
       {amount("sum(r.effective_potential)")} AS potential
FROM segment_row r {subsidiary} r.subsidiary_id {NEWEST}
GROUP BY s.code, r.segmentation, s.currency, r.scope, r.abc_class, r.segment""",  # noqa: S608
        "bi_plan_lines": f"""SELECT s.code AS subsidiary, {identifier("l.plan")} AS plan, s.currency, l.salesperson,
       l.channel, l.abc_class, l.block, {month("l.period")}, {amounts(("revenue", "margin"), "l")}
FROM plan_line l {subsidiary} l.subsidiary_id""",  # noqa: S608
        "bi_resource_lines": f"""SELECT s.code AS subsidiary, {identifier("l.requirement")} AS requirement,
       l.salesperson, l.channel, l.abc_class, l.kind, {amount("l.hours")} AS hours
FROM requirement_line l {subsidiary} l.subsidiary_id""",  # noqa: S608
    }


def upgrade() -> None:
    invoker = "" if op.get_bind().dialect.name == "sqlite" else " WITH (security_invoker = true)"
    for name, statement in (of_data() | of_results()).items():
        op.execute(f"CREATE VIEW {name}{invoker} AS {statement}")


def downgrade() -> None:
    for name in of_data() | of_results():
        op.execute(f"DROP VIEW {name}")
