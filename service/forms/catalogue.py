"""The forms, in the order in which they are best handed in (the method, section 2). A column declared here
appears in the readers, the checks, the contract and `GET /v1/forms`."""

from collections.abc import Mapping

from service.forms import kinds
from service.forms.declaration import Column, Form, RowRule
from service.method.measures import MEASURES, Measure
from service.values import AMOUNT_SCALE
from service.wording import say

_SALESPEOPLE = Form(
    name="salespeople",
    title="Salespeople",
    meaning="A row is a seller's span of employment.",
    key=("code", "start"),
    columns=(
        Column("code", kinds.CODE, "The CRM's id of the seller.", required=True, example="S-1"),
        Column("name", kinds.NAME, "Name as people know it.", default="", example="Anna Berg"),
        Column("team", kinds.LABEL, "Team in this span.", default="", used_by=("kpis",), example="North"),
        Column("role", kinds.LABEL, "Role in this span.", default="", example="account manager"),
        Column(
            "fte",
            kinds.FTE,
            "Full-time equivalent, 0 to 2; absent: 1.",
            default=AMOUNT_SCALE,
            used_by=("revenue_per_fte", "fte_present"),
            example="1",
        ),
        Column("hours_a_day", kinds.HOURS_A_DAY, "Hours of a working day; absent: 8.", default=8 * AMOUNT_SCALE),
        Column("start", kinds.DAY, "First day of the span.", required=True, used_by=("fte",), example="2024-01-01"),
        Column("end", kinds.DAY, "Last day of the span; absent: still employed.", used_by=("fte",)),
        Column("monthly_cost", kinds.POSITIVE_MONEY, "What the seller costs a month.", unit="local currency"),
    ),
    rules=(
        RowRule(
            "end",
            "ends_before_start",
            say("The last day lies before the first."),
            lambda row: row["end"] is None or row["end"] >= row["start"],
            ("start", "end"),
        ),
    ),
)

_CUSTOMERS = Form(
    name="customers",
    title="Customers",
    meaning="A row is a customer.",
    key=("code",),
    columns=(
        Column("code", kinds.CODE, "The CRM's id of the customer.", required=True, example="C-1001"),
        Column("name", kinds.NAME, "Name as people know it.", default="", example="Muster GmbH"),
        Column(
            "salesperson", kinds.CODE, "Code of the seller in charge.", default="", used_by=("scope",), example="S-1"
        ),
        Column("channel", kinds.LABEL, "His sales channel.", default="", used_by=("scope",), example="direct"),
        Column(
            "potential",
            kinds.POSITIVE_MONEY,
            "What he buys a year of our product groups from all suppliers; absent: not known.",
            unit="local currency",
            used_by=("potential class", "wallet share", "gap"),
            example="120000",
        ),
        Column("potential_date", kinds.DAY, "When the potential was found out.", example="2026-01-15"),
        Column(
            "potential_source",
            kinds.choice("declared", "norm", "peer"),
            "How the potential is known.",
            default="",
            example="declared",
        ),
        Column("industry", kinds.LABEL, "Industry.", default="", used_by=("kpis",), example="machinery"),
        Column("region", kinds.LABEL, "Region.", default="", used_by=("kpis",), example="Bavaria"),
        Column("since", kinds.DAY, "Customer since.", example="2019-05-01"),
    ),
)


def _measure(measure: Measure) -> Column:
    signed = kinds.MONEY if measure.may_be_negative else kinds.POSITIVE_MONEY
    kind = {"money": signed, "count": kinds.COUNT, "hours": kinds.HOURS}[measure.kind]
    unit = {"money": "local currency", "count": "number", "hours": "hours"}[measure.kind]
    example = {"orders": "2", "revenue": "1250.50", "margin": "310", "calls": "3", "hours": "4.5"}.get(measure.name, "")
    return Column(measure.name, kind, measure.meaning, default=0, unit=unit, used_by=(measure.group,), example=example)


_STATISTICS = Form(
    name="statistics",
    title="Statistics",
    meaning="A row is a line: what one month brought with a customer, by seller, channel and product group.",
    key=("period", "customer", "salesperson", "channel", "product_group"),
    columns=(
        Column("period", kinds.MONTH, "Month.", required=True, example="2026-03"),
        Column("customer", kinds.CODE, "Code of the customer; empty: not attributed.", default="", example="C-1001"),
        Column("salesperson", kinds.CODE, "Code of the seller; empty: not attributed.", default="", example="S-1"),
        Column("channel", kinds.LABEL, "Sales channel; empty: all.", default="", example="direct"),
        Column("product_group", kinds.LABEL, "Product group; empty: all.", default="", example="pumps"),
        *(_measure(measure) for measure in MEASURES.values()),
    ),
)

_EXCHANGE_RATES = Form(
    name="exchange-rates",
    title="Exchange rates",
    meaning="A row is a month's average rate of a currency. The group hands them in, for all subsidiaries.",
    key=("period", "currency", "reference"),
    of_group=True,
    columns=(
        Column("period", kinds.MONTH, "Month.", required=True, example="2026-03"),
        Column("currency", kinds.CURRENCY, "Currency that is converted.", required=True, example="PLN"),
        Column("reference", kinds.CURRENCY, "Currency it is converted into.", required=True, example="EUR"),
        Column(
            "rate",
            kinds.RATE,
            "Units of the reference currency for one unit of the currency, average of the month.",
            required=True,
            used_by=("conversion",),
            example="0.2345",
        ),
    ),
    rules=(
        RowRule(
            "reference",
            "same_currency",
            say("A currency has no rate in itself."),
            lambda row: row["currency"] != row["reference"],
            ("currency", "reference"),
        ),
    ),
)

_ORDERS = Form(
    name="orders",
    title="Orders",
    meaning="A row is an order or, with a negative amount, a credit note.",
    key=("id",),
    columns=(
        Column("id", kinds.CODE, "The CRM's id of the order.", required=True, example="O-4711"),
        Column("date", kinds.DAY, "Day of the order.", required=True, used_by=("period",), example="2026-03-14"),
        Column("customer", kinds.CODE, "Code of the customer.", required=True, example="C-1001"),
        Column("salesperson", kinds.CODE, "Code of the seller; empty: not attributed.", default="", example="S-1"),
        Column(
            "credit_shares",
            kinds.SHARES,
            "Several sellers, each with his share, as in S-1=0.6; S-2=0.4. What is left of 1 is not attributed.",
            default="",
        ),
        Column("channel", kinds.LABEL, "Sales channel; empty: all.", default="", example="direct"),
        Column("product_group", kinds.LABEL, "Product group; empty: all.", default="", example="pumps"),
        Column(
            "amount",
            kinds.MONEY,
            "Net amount; a credit note is negative.",
            required=True,
            unit="local currency",
            used_by=("orders", "revenue"),
            example="1250.50",
        ),
        Column(
            "margin",
            kinds.MONEY,
            "Amount less the cost of what was sold.",
            default=0,
            unit="local currency",
            used_by=("margin",),
            example="310",
        ),
    ),
    rules=(
        RowRule(
            "credit_shares",
            "two_attributions",
            say("Name one seller or credit shares, not both."),
            lambda row: not (row["salesperson"] and row["credit_shares"]),
            ("salesperson", "credit_shares"),
        ),
    ),
)

_DEALS = Form(
    name="deals",
    title="Deals",
    meaning="A row is a deal with the days on which it entered its stages. "
    "Stages named qualified and offer count in the funnel.",
    key=("id",),
    columns=(
        Column("id", kinds.CODE, "The CRM's id of the deal.", required=True, example="D-17"),
        Column(
            "customer", kinds.CODE, "Code of the customer; empty: not a customer yet.", default="", example="C-1001"
        ),
        Column("salesperson", kinds.CODE, "Code of the seller.", required=True, example="S-1"),
        Column("channel", kinds.LABEL, "Sales channel; empty: all.", default="", example="direct"),
        Column("abc_class", kinds.choice("A", "B", "C"), "Class that the seller expects.", default=""),
        Column("created", kinds.DAY, "Day on which it was created.", required=True, example="2026-01-05"),
        Column("amount", kinds.POSITIVE_MONEY, "Expected amount.", default=0, unit="local currency", example="24000"),
        Column("new_customer", kinds.FLAG, "Whether the buyer is new: true or false.", default=0, example="true"),
        Column(
            "stages",
            kinds.STAGES,
            "Stages entered, each with its day, as in qualified=2026-01-20; offer=2026-02-11.",
            default="",
            used_by=("qualified", "offers", "quotes"),
            example="qualified=2026-01-20; offer=2026-02-11",
        ),
        Column("outcome", kinds.choice("open", "won", "lost"), "open, won or lost.", default="open", example="won"),
        Column("closed", kinds.DAY, "Day on which it was won or lost.", used_by=("wins",), example="2026-03-02"),
        Column("expected_close", kinds.DAY, "Day on which it is expected to close."),
    ),
    rules=(
        RowRule(
            "closed",
            "closed_and_outcome",
            say("A deal that is won or lost has the day on which it closed; an open one has none."),
            lambda row: (row["outcome"] == "open") == (row["closed"] is None),
            ("outcome", "closed"),
        ),
        RowRule(
            "closed",
            "closed_before_created",
            say("It closed before it was created."),
            lambda row: row["closed"] is None or row["closed"] >= row["created"],
            ("created", "closed"),
        ),
    ),
)

_ACTIVITIES = Form(
    name="activities",
    title="Activities",
    meaning="A row is a contact of a seller with a customer or lead.",
    key=("id",),
    columns=(
        Column("id", kinds.CODE, "The CRM's id of the activity.", required=True, example="A-901"),
        Column("date", kinds.DAY, "Its day.", required=True, used_by=("period",), example="2026-03-03"),
        Column("salesperson", kinds.CODE, "Code of the seller.", required=True, example="S-1"),
        Column("customer", kinds.CODE, "Code of the customer; empty: a lead.", default="", example="C-1001"),
        Column("deal", kinds.CODE, "The CRM's id of the deal it belongs to.", default="", example="D-17"),
        Column(
            "type",
            kinds.LABEL,
            "What it was; call and meeting are counted, others only add their hours.",
            required=True,
            used_by=("calls", "meetings"),
            example="call",
        ),
        Column("hours", kinds.HOURS, "Hours spent.", default=0, unit="hours", used_by=("hours",), example="0.5"),
    ),
)

_TARGETS = Form(
    name="targets",
    title="Targets",
    meaning="A row is an outside quota: what a measure is to reach in a month, for a unit. Empty: for all.",
    key=("period", "measure", "salesperson", "team", "channel", "customer", "abc_class"),
    columns=(
        Column("period", kinds.PLANNED_MONTH, "Month.", required=True, example="2026-03"),
        Column("measure", kinds.choice(*MEASURES), "What is to be reached.", required=True, example="revenue"),
        Column("salesperson", kinds.CODE, "Code of the seller.", default="", example="S-1"),
        Column("team", kinds.LABEL, "Team.", default=""),
        Column("channel", kinds.LABEL, "Sales channel.", default="", example="direct"),
        Column("customer", kinds.CODE, "Code of the customer.", default=""),
        Column("abc_class", kinds.choice("A", "B", "C"), "Class of customers.", default=""),
        Column("value", kinds.MONEY, "The quota, in the measure's unit.", required=True, example="50000"),
    ),
)

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (_SALESPEOPLE, _CUSTOMERS, _STATISTICS, _ORDERS, _DEALS, _ACTIVITIES, _EXCHANGE_RATES, _TARGETS)
}
