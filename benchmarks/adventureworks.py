"""How good a plan is: 2012 planned from the data to 2011, beside what came, the quotas and two naive forecasts.

    python benchmarks/adventureworks.py --data FOLDER

FOLDER holds the reseller side of Microsoft's AdventureWorks warehouse as CSV: reseller_orders, exchange_rates_monthly,
quotas. Amounts are converted into USD by month and handed in over HTTP, the plan is made by salesperson without levers.

WAPE is the sum of |forecast − actual| over the sum of actual, per salesperson and quarter. The second naive forecast
grows last year by the second half of 2011 over the first: the data begin in December 2010, there is no year before.
Ranges (P10 to P90) are those of the normal law around each salesperson's year.
"""

import argparse
import csv
import sys
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from running import ROOT, databases, kontor_process

sys.path.insert(0, ROOT)
from service.method.plan.inputs import Input, Inputs
from service.method.plan.uncertainty import normal, standard_deviation

Key = tuple[str, str]
"""Salesperson and quarter."""


def quarter(month: str) -> str:
    return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"


def wape(forecast: dict[Key, float], actual: dict[Key, float]) -> float:
    """Over all keys of either side; who is not forecast is forecast with 0."""
    keys = forecast.keys() | actual.keys()
    missed = sum(abs(forecast.get(key, 0) - actual.get(key, 0)) for key in keys)
    return missed / sum(abs(amount) for amount in actual.values())


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lines(folder: Path) -> list[dict[str, object]]:
    """A line per customer, salesperson and month, in USD."""
    rates = {
        (one["Currency"], one["Month"]): float(one["UsdPerUnit"]) for one in rows(folder, "exchange_rates_monthly")
    }
    sums: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for one in rows(folder, "reseller_orders"):
        month = one["OrderDate"][:7]
        rate = 1.0 if one["Currency"] == "USD" else rates[one["Currency"], month]
        own = sums[month, one["ResellerKey"], one["EmployeeKey"]]
        own[0] += 1
        own[1] += float(one["SalesAmount"]) * rate
        own[2] += (float(one["SalesAmount"]) - float(one["TotalProductCost"])) * rate
    return [
        {
            "period": month,
            "customer": customer,
            "salesperson": seller,
            "orders": orders,
            "revenue": f"{revenue:.4f}",
            "margin": f"{margin:.4f}",
        }
        for (month, customer, seller), (orders, revenue, margin) in sorted(sums.items())
    ]


def quotas(folder: Path) -> dict[Key, float]:
    """A quota holds from its date, a few days before the quarter, to that of the next one."""
    found: dict[Key, float] = defaultdict(float)
    for one in rows(folder, "quotas"):
        within = date.fromisoformat(one["Date"]) + timedelta(days=15)
        found[one["EmployeeKey"], quarter(within.isoformat())] += float(one["SalesAmountQuota"])
    return found


def by_quarter(given: list[dict[str, object]], year: str) -> dict[Key, float]:
    found: dict[Key, float] = defaultdict(float)
    for one in given:
        if str(one["period"]).startswith(year):
            found[str(one["salesperson"]), quarter(str(one["period"]))] += float(str(one["revenue"]))
    return found


def planned(client: httpx.Client, known: list[dict[str, object]]) -> tuple[dict[Key, float], dict[str, Inputs]]:
    """The plan by salesperson and quarter, and each salesperson's inputs."""

    def hand_in(form: str, content: list[dict[str, object]]) -> None:
        answer = client.post(f"/v1/submissions/{form}", params={"subsidiary": "AW"}, json=content)
        answer.raise_for_status()

    body = {"name": "AdventureWorks", "country": "US", "currency": "USD"}
    client.put("/v1/subsidiaries/AW", json=body).raise_for_status()
    sellers = sorted({str(one["salesperson"]) for one in known})
    hand_in("salespeople", [{"code": one, "name": one, "start": "2010-12-01"} for one in sellers])
    newest: dict[str, str] = {str(one["customer"]): str(one["salesperson"]) for one in known}
    hand_in("customers", [{"code": code, "salesperson": seller} for code, seller in sorted(newest.items())])
    hand_in("statistics", known)
    answer = client.post("/v1/plans", json={"subsidiary": "AW", "by": ["salesperson"], "window_period": "2011"})
    answer.raise_for_status()
    print("notes of the plan:", *answer.json()["notes"], sep="\n  ")

    def everything(part: str) -> list[dict[str, str]]:
        found, after = [], None
        while True:
            query = {"limit": 1000} | ({"after": after} if after else {})
            page = client.get(f"/v1/plans/{answer.json()['id']}/{part}", params=query).raise_for_status().json()
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    cells: dict[str, dict[str, dict[str, Input]]] = defaultdict(lambda: defaultdict(dict))
    for one in everything("inputs"):
        cells[one["salesperson"]][one["abc_class"]][one["input"]] = Input(float(one["value"]), one["provenance"])
    return by_quarter(everything("lines"), "2012"), {name: Inputs.of({name: own}) for name, own in cells.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    given = lines(folder)
    known = [one for one in given if str(one["period"]) < "2012-01"]
    with (
        TemporaryDirectory() as temporary,
        databases("sqlite", Path(temporary)) as database,
        kontor_process(database()) as kontor,
        httpx.Client(base_url=kontor.address, headers={"Authorization": f"Bearer {kontor.key}"}, timeout=120) as client,
    ):
        plan, inputs = planned(client, known)
    actual, last = by_quarter(given, "2012"), by_quarter(given, "2011")
    moved = {(seller, f"2012{name[4:]}"): amount for (seller, name), amount in last.items()}
    halves = [sum(a for (_, name), a in last.items() if name[-1] in half) for half in ("12", "34")]
    growth = halves[1] / halves[0]
    quota = {key: amount for key, amount in quotas(folder).items() if key[1].startswith("2012")}
    forecasts = {
        "plan": plan,
        "quota": quota,
        "last year": moved,
        "last year x growth": {key: amount * growth for key, amount in moved.items()},
    }
    sellers = sorted({seller for seller, _ in actual})
    print(
        f"\n2012, {len(sellers)} salespeople x 4 quarters; actual {sum(actual.values()):,.0f} USD; growth {growth:.3f}"
    )
    for name, forecast in forecasts.items():
        known_only = {key: amount for key, amount in actual.items() if any(key[0] == seller for seller, _ in last)}
        fitting = {key: amount for key, amount in forecast.items() if key in known_only}
        print(
            f"  {name:20} sum {sum(forecast.values()):>12,.0f}   WAPE {wape(forecast, actual):.3f}"
            f"   of those who sold in 2011 {wape(fitting, known_only):.3f}"
        )
    inside = []
    for seller, own in inputs.items():
        year = sum(amount for (name, _), amount in plan.items() if name == seller)
        came = sum(amount for (name, _), amount in actual.items() if name == seller)
        spread = normal(year, standard_deviation(own, ()), None)
        inside.append(spread.p10 <= came <= spread.p90)
        verdict = "inside" if inside[-1] else "outside"
        ends = f"P10 {spread.p10:>11,.0f}  P90 {spread.p90:>11,.0f}"
        print(f"    {seller}: plan {year:>11,.0f}  actual {came:>11,.0f}  {ends}  {verdict}")
    print(f"  inside P10 to P90: {sum(inside)} of {len(inside)} years of salespeople (80 % are to be expected)")


if __name__ == "__main__":
    main()
