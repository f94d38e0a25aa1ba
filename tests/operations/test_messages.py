"""Messages in any order against a model in a few lines of Python: after each step the service knows what it knows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from service.method.measures import MEASURES
from tests.conftest import NOW, Service

KEY = ("period", "customer", "salesperson", "channel", "product_group")
GROUPS = {"orders": "results", "deals": "funnel"}
PEOPLE, CUSTOMERS = ("S1", "S2"), ("C1", "C2")
MONTHS = ("2025-01", "2025-02")

Line = dict[str, Decimal]
"""Of a line, the measures that are not 0."""

amounts = st.integers(-300, 300).map(lambda cents: str(Decimal(cents) / 100))
counts = st.integers(0, 3)
line_keys = st.fixed_dictionaries(
    {"period": st.sampled_from(MONTHS), "customer": st.sampled_from(("", *CUSTOMERS))},
    optional={"channel": st.just("direct")},
)
line_values = st.fixed_dictionaries(
    {}, optional={"revenue": amounts, "orders": counts, "calls": counts, "leads": counts}
)
deletion = st.sampled_from(({}, {}, {"deleted": "true"}))


def key_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row.get(name, "") for name in KEY)


def _line_row(key: dict[str, Any], values: dict[str, Any], deleted: dict[str, Any]) -> dict[str, Any]:
    return key | (deleted or values)


line_rows = st.lists(st.builds(_line_row, line_keys, line_values, deletion), min_size=1, max_size=4, unique_by=key_of)
order_rows = st.lists(
    st.builds(
        lambda number, rest, credit, deleted: {"id": f"O{number}"} | rest | credit | deleted,
        st.integers(1, 4),
        st.fixed_dictionaries(
            {
                "date": st.sampled_from(("2025-01-10", "2025-02-10")),
                "customer": st.sampled_from(CUSTOMERS),
                "amount": amounts,
                "margin": amounts,
            }
        ),
        st.sampled_from(
            ({}, {"salesperson": "S1"}, {"credit_shares": "S1=0.5; S2=0.25"}, {"credit_shares": "S1=0.25; S2=0.75"})
        ),
        deletion,
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda row: row["id"],
)
deal_rows = st.lists(
    st.builds(
        lambda number, rest, deleted: (
            {"id": f"D{number}", "salesperson": "S1", "created": "2025-01-05"} | rest | deleted
        ),
        st.integers(1, 3),
        st.fixed_dictionaries(
            {"amount": st.integers(0, 900).map(str), "new_customer": st.booleans(), "customer": st.just("C1")},
            optional={"stages": st.sampled_from(("qualified=2025-01-20", "qualified=2025-01-20; offer=2025-02-03"))},
        ),
        deletion,
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda row: row["id"],
)
rows_of = {"statistics": line_rows, "orders": order_rows, "deals": deal_rows}
bad_rows = st.sampled_from(
    ({"period": "2025-13"}, {"period": "2025-01", "revenue": "much"}, {"period": "2025-01", "customer": "NOBODY"})
)


def written(row: Mapping[str, Any]) -> Line:
    """A line as it is known from a row, whether handed in or answered."""
    values = {name: Decimal(str(row.get(name) or 0)) for name in MEASURES}
    return {name: value for name, value in values.items() if value}


def plus(one: Line, other: Line) -> Line:
    sums = {name: one.get(name, Decimal(0)) + other.get(name, Decimal(0)) for name in one | other}
    return {name: value for name, value in sums.items() if value}


def of_order(row: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Line]]:
    amount, margin = Decimal(row["amount"]), Decimal(row["margin"])
    whole = {"orders": Decimal(int(amount >= 0)), "revenue": amount, "margin": margin}
    shares = {row.get("salesperson", ""): Decimal(1)}
    if row.get("credit_shares"):
        pairs = (part.split("=") for part in row["credit_shares"].split("; "))
        shares = {code: Decimal(share) for code, share in pairs}
        shares[""] = 1 - sum(shares.values())
    return [
        ((row["date"][:7], row["customer"], code, "", ""), written({name: share * whole[name] for name in whole}))
        for code, share in shares.items()
        if share
    ]


def of_deal(row: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Line]]:
    def at(day: str, **values: Any) -> tuple[tuple[str, ...], Line]:
        return (day[:7], row["customer"], row["salesperson"], "", ""), written(values)

    stages = dict(part.split("=") for part in row["stages"].split("; ")) if row.get("stages") else {}
    if not row["new_customer"]:
        return [at(stages["offer"], quotes=1, quote_value=row["amount"])] if "offer" in stages else []
    found = [at(row["created"], leads=1, lead_value=row["amount"])]
    if "qualified" in stages:
        found.append(at(stages["qualified"], qualified=1))
    if "offer" in stages:
        found.append(at(stages["offer"], offers=1, offer_value=row["amount"]))
    return found


ENTRIES: dict[str, Callable[[Mapping[str, Any]], list[tuple[tuple[str, ...], Line]]]] = {
    "orders": of_order,
    "deals": of_deal,
}


@dataclass
class Message:
    """A submission that changed something, or a switch of feeds: of each key what stood before and after."""

    form: str
    changes: dict[Any, tuple[Any, Any]]
    id: str = ""
    standing: bool = True


@dataclass
class Model:
    """What one subsidiary is known to hold."""

    stored: dict[str, dict[Any, Any]] = field(default_factory=lambda: {"statistics": {}, "orders": {}, "deals": {}})
    feeds: dict[str, str] = field(default_factory=lambda: dict.fromkeys(("results", "funnel", "activity"), "lines"))
    log: list[Message] = field(default_factory=list)
    revision: int = 0

    def registers(self) -> list[str]:
        return [form for form, group in GROUPS.items() if self.feeds[group] == "register"]

    def fed_by_registers(self, line: Line) -> bool:
        """Whether a line has a number that a register brings."""
        groups = [GROUPS[register] for register in self.registers()]
        return any(MEASURES[name].group in groups for name in line)

    def lines(self) -> dict[tuple[str, ...], Line]:
        """All lines as they should stand, under their feed and key."""
        found = {("statistics", *key): line for key, line in self.stored["statistics"].items()}
        for register in self.registers():
            for row in self.stored[register].values():
                for key, entry in ENTRIES[register](row):
                    found[register, *key] = plus(found.get((register, *key), {}), entry)
        return found

    def hand_in(self, form: str, rows: list[dict[str, Any]], *, delta: bool = False) -> Message:
        """Take rows; the message, with nothing in it if nothing changed."""
        table, message = self.stored[form], Message(form, {})
        for row in rows:
            key = key_of(row) if form == "statistics" else row["id"]
            before = table.get(key)
            after = None
            if not row.get("deleted"):
                after = written(row) if form == "statistics" else row
                if delta and before is not None:
                    after = plus(before, after)
            if before != after:
                message.changes[key] = (before, after)
        self._take(message, 1)
        return message

    def take_back(self, message: Message) -> None:
        self._take(message, 0)
        message.standing = False

    def _take(self, message: Message, side: int) -> None:
        table = self.stored[message.form]
        for key, states in message.changes.items():
            table.pop(key, None)
            if states[side] is not None:
                table[key] = states[side]
        self.revision += bool(message.changes)

    def later(self, message: Message, *, standing: bool) -> bool:
        """Whether a later message (or only a standing one) changed what this one changed."""
        after = self.log[self.log.index(message) + 1 :]
        met = [one for one in after if one.form == message.form and one.changes.keys() & message.changes.keys()]
        return any(one.standing or not standing for one in met)

    def switch(self, wanted: dict[str, str]) -> None:
        if wanted == self.feeds:
            return
        groups = [group for group in wanted if wanted[group] == "register" and self.feeds[group] == "lines"]
        self.feeds, changes, table = wanted, {}, self.stored["statistics"]
        for key, line in list(table.items()):
            left = {name: value for name, value in line.items() if MEASURES[name].group not in groups}
            if left != line:
                changes[key] = (line, left or None)
                table.pop(key)
                if left:
                    table[key] = left
        self.log.append(Message("statistics", changes))
        self.revision += 1


class Messages(RuleBasedStateMachine):
    """One subsidiary of its own, in a database that all runs share."""

    def __init__(self, service: Service, clock: "Clock") -> None:
        super().__init__()
        self.service, self.clock, self.model = service, clock, Model()
        self.home = f"R{next(clock.runs)}"
        self.sent: list[tuple[str, dict[str, str], Any, str, str]] = []
        self.known: dict[datetime, dict[tuple[str, ...], Line]] = {}
        body = {"name": self.home, "country": "DE", "currency": "EUR"}
        assert service.client.put(f"/v1/subsidiaries/{self.home}", json=body).status_code == 201
        service.submit("salespeople", [{"code": code, "start": "2020-01-01"} for code in PEOPLE], subsidiary=self.home)
        service.submit("customers", [{"code": code} for code in CUSTOMERS], subsidiary=self.home)
        self.model.revision = 2
        self.keys = count()

    def post(self, form: str, rows: Any, query: dict[str, str], key: str | None) -> Any:
        """Lines go as CSV, with the columns that any of them has; the rest goes as JSON."""
        headers = {"Content-Type": "text/csv" if form == "statistics" else "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        params = {"subsidiary": self.home} | query
        body = _csv(rows) if form == "statistics" else json.dumps(rows)
        return self.service.client.post(f"/v1/submissions/{form}", params=params, content=body, headers=headers)

    @rule(
        data=st.data(),
        form=st.sampled_from(("statistics", "statistics", "orders", "deals")),
        mode=st.sampled_from(("all", "valid")),
        spoilt=st.sampled_from((False, False, False, True)),
        keyed=st.booleans(),
        delta=st.sampled_from((False, False, False, True)),
    )
    def hand_in(self, data: Any, form: str, mode: str, spoilt: bool, keyed: bool, delta: bool) -> None:
        rows = data.draw(rows_of[form])
        sent = list(rows)
        if spoilt and form == "statistics":
            sent.insert(data.draw(st.integers(0, len(rows))), data.draw(bad_rows))
        delta = delta and form == "statistics"
        query = {"mode": mode} | ({"correction": "delta"} if delta else {})
        key = f"k{next(self.keys)}" if keyed or delta else None
        answer = self.post(form, sent, query, key)
        if form != "statistics" and form not in self.model.registers():
            assert (answer.status_code, _slug(answer)) == (409, "other-feed")
            return
        good = rows
        if form == "statistics":
            good = [row for row in rows if not self.model.fed_by_registers(written(row))]
        if len(good) < len(sent) and mode == "all":
            assert answer.status_code == 422, answer.text
            return
        assert answer.status_code == 201, answer.text
        receipt = answer.json()
        message = self.model.hand_in(form, good, delta=delta)
        message.id = receipt["id"]
        self.model.log.append(message)
        changed = receipt["added"] + receipt["corrected"] + receipt["removed"]
        assert (changed, receipt["accepted"]) == (len(message.changes), len(good))
        assert receipt["data_revision"] == self.model.revision
        if key is not None:
            self.sent.append((form, query, sent, key, answer.text))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def hand_in_again(self, data: Any) -> None:
        """The same request again gets the first answer."""
        form, query, rows, key, first = data.draw(st.sampled_from(self.sent))
        answer = self.post(form, rows, query, key)
        assert (answer.status_code, answer.text) == (201, first)
        assert answer.headers["Idempotency-Replayed"] == "true"

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def use_a_key_for_something_else(self, data: Any) -> None:
        form, query, rows, key, _ = data.draw(st.sampled_from(self.sent))
        answer = self.post(form, [*rows, rows[0]], query, key)
        assert (answer.status_code, _slug(answer)) == (422, "key-reused")

    @precondition(lambda self: any(message.id for message in self.model.log))
    @rule(data=st.data(), newest=st.booleans())
    def withdraw(self, data: Any, newest: bool) -> None:
        messages = [message for message in self.model.log if message.id]
        message = messages[-1] if newest else data.draw(st.sampled_from(messages))
        path = f"/v1/submissions/{message.id}/withdrawal"
        answer = self.service.client.post(path, json={"reason": "Not ours."})
        if not message.standing or not message.changes:
            assert answer.status_code == 200, answer.text
            return
        back = [before for before, _ in message.changes.values() if before is not None]
        in_use = message.form == "statistics" and any(self.model.fed_by_registers(line) for line in back)
        if answer.status_code == 409:
            assert _slug(answer) == "changed-since"
            assert in_use or self.model.later(message, standing=False)
            return
        assert answer.status_code == 200, answer.text
        assert not in_use
        assert not self.model.later(message, standing=True)
        self.model.take_back(message)

    @rule(results=st.sampled_from(("lines", "register")), funnel=st.sampled_from(("lines", "register")))
    def switch_feeds(self, results: str, funnel: str) -> None:
        wanted = {"results": results, "funnel": funnel, "activity": "lines"}
        path = f"/v1/subsidiaries/{self.home}/feeds"
        answer = self.service.client.put(path, params={"replace": "true"}, json=wanted)
        assert answer.status_code == 200, answer.text
        self.model.switch(wanted)

    @rule(hours=st.integers(1, 48))
    def time_passes(self, hours: int) -> None:
        self.known[self.clock.moment] = self.model.lines()
        self.clock.pass_by(self.service, hours)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def look_back(self, data: Any) -> None:
        moment = data.draw(st.sampled_from(sorted(self.known)))
        assert self.answered(as_of=moment.isoformat()) == self.known[moment]

    @invariant()
    def statistics_are_the_models(self) -> None:
        found = self.answered()
        assert found == self.model.lines()
        revision = self.service.get(f"/v1/subsidiaries/{self.home}")["data_revision"]
        assert revision == self.model.revision

    @invariant()
    def lines_of_a_register_are_its_rows(self) -> None:
        if "orders" not in self.model.registers():
            return
        rows = self.service.get("/v1/orders", subsidiary=self.home, limit=1000)["items"]
        assert {row["id"] for row in rows} == self.model.stored["orders"].keys()
        derived = [line for key, line in self.answered().items() if key[0] == "orders"]
        for measure, column in (("revenue", "amount"), ("margin", "margin")):
            assert sum(line.get(measure, 0) for line in derived) == sum(Decimal(row[column]) for row in rows)

    def teardown(self) -> None:
        for moment, lines in self.known.items():
            assert self.answered(as_of=moment.isoformat()) == lines

    def answered(self, **query: str) -> dict[tuple[str, ...], Line]:
        lines = self.service.get("/v1/statistics", subsidiary=self.home, limit=1000, **query)["items"]
        found = {(line["feed"], *key_of(line)): written(line) for line in lines}
        assert len(found) == len(lines)
        return found


@dataclass
class Clock:
    """The service's clock, and a counter of runs; both go on from run to run."""

    moment: datetime = NOW
    runs: Any = field(default_factory=count)

    def pass_by(self, service: Service, hours: int) -> None:
        service.later(hours=hours)
        self.moment += timedelta(hours=hours)


def _csv(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [[str(row.get(name, "")) for name in names] for row in rows]
    return "".join(",".join(cells) + "\n" for cells in [names, *lines])


def _slug(answer: Any) -> str:
    return str(answer.json()["type"].rpartition("/")[2])


def test_the_service_knows_what_a_model_of_it_knows(service: Service) -> None:
    clock = Clock()
    runs = settings.default.max_examples // (8 if service.database.is_sqlite else 20)
    chosen = settings(max_examples=runs, stateful_step_count=30, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: Messages(service, clock), settings=chosen)
