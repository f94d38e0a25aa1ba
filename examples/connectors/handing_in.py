"""Kontor's side of a connector: rows in, results out, over HTTP. A request that got no answer is sent again with the
same Idempotency-Key, so nothing counts twice."""

import json
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
from mapping import Row

BATCH = 2000
TRIES = 5
AGAIN = frozenset({409, 429, 503})
RESULTS = ("abc_class", "segment", "planned_revenue", "priority", "next_step")
FEEDS = {"orders": "results", "deals": "funnel", "activities": "activity"}


class Refused(Exception):
    """A problem document that sending again does not mend."""


class Kontor:
    """A subsidiary at the service. `pause` is slept between tries, in seconds."""

    def __init__(self, url: str, key: str, subsidiary: str, pause: float = 2) -> None:
        self.subsidiary = subsidiary
        self._pause = pause
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=120)

    def prepare(self, name: str, country: str, currency: str, forms: Sequence[str]) -> None:
        """Make the subsidiary known, and declare that its measures come from the registers that are handed in."""
        body = {"name": name, "country": country, "currency": currency}
        self.ask("PUT", f"/v1/subsidiaries/{self.subsidiary}", json=body)
        feeds = self.ask("GET", f"/v1/subsidiaries/{self.subsidiary}/feeds")
        wanted = feeds | {group: "register" for form, group in FEEDS.items() if form in forms}
        if wanted != feeds:
            self.ask("PUT", f"/v1/subsidiaries/{self.subsidiary}/feeds", json=wanted)

    def submit(self, form: str, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
        """The receipts. Bad rows are listed in them, good ones are stored."""
        for start in range(0, len(rows), BATCH):
            batch = json.dumps(rows[start : start + BATCH]).encode()
            yield self.send(form, batch, "application/json", str(uuid4()), {"mode": "valid"})

    def send(self, form: str, body: bytes, kind: str, key: str, query: dict[str, str]) -> dict[str, Any]:
        """The receipt of a body as it is."""
        headers = {"Content-Type": kind, "Idempotency-Key": key}
        params = {"subsidiary": self.subsidiary, **query}
        return self.ask("POST", f"/v1/submissions/{form}", content=body, headers=headers, params=params)

    def results(self, wanted: Sequence[str]) -> dict[str, dict[str, str]]:
        """By customer what is wanted of RESULTS."""
        found: dict[str, dict[str, str]] = {}
        segmentation = self.ask("POST", "/v1/segmentations", json={"subsidiary": self.subsidiary})
        for item in self._pages(f"/v1/segmentations/{segmentation['id']}/customers"):
            classes = {"abc_class": item["effective_class"], "segment": item["effective_segment"]}
            found[item["customer"]] = classes
        if {"priority", "next_step"} & set(wanted):
            listed = self.ask("GET", "/v1/priorities/customers", params={"subsidiary": self.subsidiary, "limit": 1000})
            for rank, item in enumerate(listed["items"], start=1):
                step = f"{item['reason']}: margin {item['gain']} {listed['currency']} a year"
                found[item["customer"]] |= {"priority": str(rank), "next_step": step}
        if "planned_revenue" in wanted:
            self._add_plans(found)
        return {code: {name: one.get(name, "") for name in wanted} for code, one in found.items()}

    def _add_plans(self, found: dict[str, dict[str, str]]) -> None:
        plan = self.ask("POST", "/v1/plans", json={"subsidiary": self.subsidiary})
        sums: dict[str, Decimal] = {}
        for item in self.ask("GET", f"/v1/plans/{plan['id']}/customers")["items"]:
            sums[item["customer"]] = sums.get(item["customer"], Decimal(0)) + Decimal(item["revenue"])
        for code in sums.keys() & found.keys():
            found[code]["planned_revenue"] = f"{sums[code]:f}"

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        query = {"limit": "1000"}
        while True:
            page = self.ask("GET", path, params=query)
            yield from page["items"]
            if page["next"] is None:
                return
            query["after"] = page["next"]

    def ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """The answer; the same request again while it may yet be answered."""
        for left in reversed(range(TRIES)):
            try:
                answer = self._client.request(method, path, **request)
            except httpx.TransportError:
                if not left:
                    raise
            else:
                if answer.is_success:
                    document: dict[str, Any] = answer.json()
                    return document
                if answer.status_code not in AGAIN or not left:
                    raise Refused(_told(answer))
            time.sleep(self._pause)
        raise AssertionError


def _told(answer: httpx.Response) -> str:
    problem = answer.json()
    rows = [
        f"\n  row {one['row']}, {one['column']}: {one['message']}" for one in problem.get("errors", []) if one["row"]
    ]
    return f"{answer.status_code} {problem['title']}: {problem['detail']}{''.join(rows)}"
