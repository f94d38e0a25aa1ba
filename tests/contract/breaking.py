"""What in a contract would break those who call by a released one: something removed, something newly required, input
that is taken no longer, output of another kind. New paths, optional input, fields and enum values are no break."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")


def breaks(released: Node, current: Node) -> list[str]:
    """Each break, with its place."""
    return list(dict.fromkeys(_Comparison(released, current).of_paths()))


@dataclass
class _Comparison:
    released: Node
    current: Node

    def of_paths(self) -> Iterator[str]:
        for path, item in self.released["paths"].items():
            for method, operation in item.items():
                other = self.current["paths"].get(path, {}).get(method)
                place = f"{method.upper()} {path}"
                if other is None:
                    yield f"{place}: removed"
                else:
                    yield from self.of_operation(place, operation, other)

    def of_operation(self, place: str, old: Node, new: Node) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{place}: its operationId is another"
        before, after = _parameters(old), _parameters(new)
        for key, parameter in before.items():
            where = f"{place}, {key[1]}"
            if key not in after:
                yield f"{where}: removed"
            else:
                yield from self.of_schema(where, parameter["schema"], after[key]["schema"], taken=True)
        for key in [key for key, one in after.items() if one.get("required")]:
            if key not in before or not before[key].get("required"):
                yield f"{place}, {key[1]}: newly required"
        yield from self.of_content(f"{place}, body", old.get("requestBody"), new.get("requestBody"), taken=True)
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                yield f"{place}, {status}: removed"
            else:
                yield from self.of_content(f"{place}, {status}", answer, new["responses"][status], taken=False)

    def of_content(self, place: str, old: Node | None, new: Node | None, *, taken: bool) -> Iterator[str]:
        before, after = ((one or {}).get("content", {}) for one in (old, new))
        if taken and (new or {}).get("required") and not (old or {}).get("required"):
            yield f"{place}: newly required"
        for kind, media in before.items():
            if kind not in after:
                yield f"{place}, {kind}: removed"
            elif "schema" in media:
                yield from self.of_schema(place, media["schema"], after[kind].get("schema", {}), taken=taken)

    def of_schema(
        self, place: str, old: Node, new: Node, *, taken: bool, above: frozenset[str] = frozenset()
    ) -> Iterator[str]:
        if old.get("$ref", "") in above:
            return
        above |= {old["$ref"]} if "$ref" in old else set()
        old, new = _resolved(self.released, old), _resolved(self.current, new)
        before, after = _types(old), _types(new)
        lost = before - after if taken else after - before
        if before and after and lost:
            yield f"{place}: {'no longer takes' if taken else 'may now be'} {', '.join(sorted(lost))}"
        removed = [value for value in old.get("enum", []) if value not in new.get("enum", old.get("enum", []))]
        if removed:
            yield f"{place}: without {', '.join(map(str, removed))}"
        yield from _required(place, old, new, taken=taken)
        if taken:
            yield from _narrowed(place, old, new)
        for name, part in old.get("properties", {}).items():
            if name not in new.get("properties", {}):
                yield f"{place}.{name}: removed"
            else:
                yield from self.of_schema(f"{place}.{name}", part, new["properties"][name], taken=taken, above=above)
        for word in ("items", "additionalProperties"):
            if isinstance(old.get(word), dict) and isinstance(new.get(word), dict):
                yield from self.of_schema(f"{place}[]", old[word], new[word], taken=taken, above=above)


def _parameters(operation: Node) -> dict[tuple[str, str], Node]:
    return {(one["in"], one["name"]): one for one in operation.get("parameters", [])}


def _resolved(document: Node, schema: Node) -> Node:
    if "$ref" not in schema:
        return schema
    found: Node = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return _resolved(document, found)


def _types(schema: Node) -> set[str]:
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _required(place: str, old: Node, new: Node, *, taken: bool) -> Iterator[str]:
    """Input may not become required, and what an answer always had may not become optional."""
    before, after = set(old.get("required", [])), set(new.get("required", []))
    for name in sorted(after - before if taken else (before - after) & new.get("properties", {}).keys()):
        yield f"{place}.{name}: {'newly required' if taken else 'no longer always there'}"


def _narrowed(place: str, old: Node, new: Node) -> Iterator[str]:
    for word in UPPER:
        if word in new and (word not in old or new[word] < old[word]):
            yield f"{place}: {word} is now {new[word]}"
    for word in LOWER:
        if word in new and (word not in old or new[word] > old[word]):
            yield f"{place}: {word} is now {new[word]}"
    if new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield f"{place}: its pattern is now {new['pattern']}"
    if "enum" in new and "enum" not in old:
        yield f"{place}: only {', '.join(map(str, new['enum']))} now"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{place}: refuses unknown fields now"
