"""Any CRM with a JSON interface: the mapping says how it is asked, how its pages follow, and how it is written to."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from mapping import Record, value_at

EVER = "1970-01-01T00:00:00Z"


class Rest:
    """`{key}` in the address and the headers is the key, `{since}` in a query or body how far was read."""

    def __init__(self, document: dict[str, Any], key: str) -> None:
        headers = {name: text.replace("{key}", key) for name, text in document.get("headers", {}).items()}
        self._paging = document["paging"]
        self._client = httpx.Client(base_url=document["url"].replace("{key}", key), headers=headers, timeout=60)

    def records(self, reading: dict[str, Any], since: str | None) -> Iterator[Record]:
        """Items of all pages, each with its time of change as `changed`."""
        method, path = reading.get("method", "GET"), reading["from"]
        query, body = (_filled(reading.get(name), "{since}", since or EVER) for name in ("query", "body"))
        while True:
            page = self._ask(method, path, query, body)
            for item in value_at(page, reading["items"]) or []:
                yield item | {"changed": value_at(item, reading["changed"])}
            following = page.get(self._paging["next"], value_at(page, self._paging["next"]))
            if following is None:
                return
            if "send" not in self._paging:
                path, query = following, None
            elif method == "GET":
                query = (query or {}) | {self._paging["send"]: following}
            else:
                body = (body or {}) | {self._paging["send"]: following}

    def write(self, writing: dict[str, Any], code: str, values: Mapping[str, str]) -> None:
        """Put results into fields of the customer whose code is the CRM's own id."""
        fields: dict[str, Any] = {writing["fields"][name]: value for name, value in values.items()}
        body = {writing["wrap"]: fields} if "wrap" in writing else fields
        self._ask(writing.get("method", "PATCH"), _filled(writing["to"], "{code}", code), None, body)

    def _ask(self, method: str, path: str, query: Any, body: Any) -> dict[str, Any]:
        answer = self._client.request(method, path, params=query, json=body)
        if answer.is_error:
            raise SystemExit(f"The CRM answers {answer.status_code} to {method} {path}: {answer.text[:300]}")
        document: dict[str, Any] = answer.json() if answer.content else {}
        return document


def _filled(template: Any, place: str, text: str) -> Any:
    if isinstance(template, str):
        return template.replace(place, text)
    if isinstance(template, dict):
        return {name: _filled(value, place, text) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, place, text) for value in template]
    return template
