"""What OData answers: the service document, the metadata, and pages of rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pyarrow as pa

from service.feeds.columns import Column
from service.feeds.texts import objects

_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
_NAMESPACE = "Kontor"


@dataclass(frozen=True, slots=True)
class EntityType:
    """The rows of an entity set: its columns, and those that name a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def service_document(root: str, sets: Sequence[EntityType]) -> bytes:
    """Which entity sets there are. `root`: the address of the service, with a slash at its end."""
    listed = [{"name": one.name, "kind": "EntitySet", "url": one.name} for one in sets]
    return json.dumps({"@odata.context": f"{root}$metadata", "value": listed}).encode()


def metadata(sets: Sequence[EntityType]) -> bytes:
    """CSDL 4.0 as XML. No vocabularies: there are clients that stumble over them."""
    ET.register_namespace("edmx", _EDMX)
    edmx = ET.Element(f"{{{_EDMX}}}Edmx", {"Version": "4.0"})
    services = ET.SubElement(edmx, f"{{{_EDMX}}}DataServices")
    schema = ET.SubElement(services, "Schema", {"xmlns": _EDM, "Namespace": _NAMESPACE})
    for one in sets:
        kind = ET.SubElement(schema, "EntityType", {"Name": f"{one.name}Row"})
        key = ET.SubElement(kind, "Key")
        for name in one.key:
            ET.SubElement(key, "PropertyRef", {"Name": name})
        for column in one.columns:
            nullable = {"Nullable": "false"} if column.name in one.key else {}
            ET.SubElement(kind, "Property", {"Name": column.name, **_type(column.type), **nullable})
    container = ET.SubElement(schema, "EntityContainer", {"Name": "Container"})
    for one in sets:
        ET.SubElement(container, "EntitySet", {"Name": one.name, "EntityType": f"{_NAMESPACE}.{one.name}Row"})
    return bytes(ET.tostring(edmx, encoding="utf-8", xml_declaration=True))


def page(root: str, name: str, rows: pa.RecordBatch, count: int | None, following: str | None, *, part: bool) -> bytes:
    """A page of an entity set. `part`: not all properties were asked for; `following`: where the next page is."""
    chosen = f"({','.join(rows.schema.names)})" if part else ""
    head = {"@odata.context": f"{root}$metadata#{name}{chosen}"}
    counted = {} if count is None else {"@odata.count": count}
    begin = json.dumps(head | counted)[:-1].encode()
    end = b"" if following is None else b"," + json.dumps({"@odata.nextLink": following})[1:-1].encode()
    return b"".join((begin, b',"value":[', objects(rows, exact=False), b"]", end, b"}"))


def _type(kind: pa.DataType) -> dict[str, str]:
    if pa.types.is_decimal(kind):
        return {"Type": "Edm.Decimal", "Precision": str(kind.precision), "Scale": str(kind.scale)}
    if pa.types.is_floating(kind):
        return {"Type": "Edm.Double"}
    if pa.types.is_integer(kind):
        return {"Type": "Edm.Int64"}
    if pa.types.is_boolean(kind):
        return {"Type": "Edm.Boolean"}
    return {"Type": "Edm.Date"} if pa.types.is_date(kind) else {"Type": "Edm.String"}
