"""Odoo by its external API: `/json/2` of version 19 and later, XML-RPC before."""

import xmlrpc.client
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from mapping import Record, fields_of

PAGE = 500


class Odoo:
    """`login` and `database` are needed for XML-RPC, which a document asks for with `api: xmlrpc`."""

    def __init__(self, document: dict[str, Any], key: str) -> None:
        self._document = document
        self._key = key
        headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": document.get("database", "")}
        self._client = httpx.Client(base_url=document["url"], headers=headers, timeout=60)
        self._user: int | None = None

    def records(self, reading: dict[str, Any], since: str | None) -> Iterator[Record]:
        """Records of a model with `write_date` as `changed`."""
        domain = [*reading.get("where", []), *([["write_date", ">=", since]] if since else [])]
        fields = sorted({path.split(".")[0] for path in fields_of(reading["columns"])} | {"write_date"})
        offset = 0
        while True:
            asked = {"fields": fields, "limit": PAGE, "offset": offset, "order": "id"}
            page = self._call(reading["from"], "search_read", {"domain": domain}, asked)
            for record in page:
                yield {name: _value(value) for name, value in record.items()} | {"changed": record["write_date"]}
            if len(page) < PAGE:
                return
            offset += PAGE

    def write(self, writing: dict[str, Any], code: str, values: Mapping[str, str]) -> None:
        """Put results into fields of the record with this code."""
        value = int(code) if writing["key"] == "id" else code
        found = self._call(writing["to"], "search", {"domain": [[writing["key"], "=", value]]}, {"limit": 1})
        named = {writing["fields"][name]: value for name, value in values.items()}
        self._call(writing["to"], "write", {"ids": found}, {"vals": named})

    def _call(self, model: str, method: str, first: dict[str, Any], more: dict[str, Any]) -> Any:
        """`first` is what XML-RPC takes by place."""
        if self._document.get("api") == "xmlrpc":
            return self._xmlrpc(model, method, [*first.values()], more)
        answer = self._client.post(f"/json/2/{model}/{method}", json=first | more)
        if answer.is_error:
            raise SystemExit(f"Odoo answers {answer.status_code} to {model}/{method}: {answer.text[:300]}")
        return answer.json()

    def _xmlrpc(self, model: str, method: str, places: list[Any], named: dict[str, Any]) -> Any:
        database, login = self._document["database"], self._document["login"]
        if self._user is None:
            self._user = self._post("/xmlrpc/2/common", "authenticate", (database, login, self._key, {}))
            if not self._user:
                raise SystemExit("Odoo does not know this login and key.")
        if "vals" in named:  # the second place of `write`
            places, named = [*places, named["vals"]], {}
        call = (database, self._user, self._key, model, method, places, named)
        return self._post("/xmlrpc/2/object", "execute_kw", call)

    def _post(self, path: str, method: str, call: tuple[Any, ...]) -> Any:
        body = xmlrpc.client.dumps(call, method, allow_none=True)
        answer = self._client.post(path, content=body, headers={"Content-Type": "text/xml"})
        answer.raise_for_status()
        (value,), _ = xmlrpc.client.loads(answer.text)
        return value


def _value(value: Any) -> Any:
    """Odoo says false where there is nothing, and [id, name] for another record."""
    if value is False:
        return None
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
        return {"id": value[0], "name": value[1]}
    return value
