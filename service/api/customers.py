"""Customers: the list, and the card that a CRM shows."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, get_type_hints

import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, create_model

from service.access.keys import Caller
from service.api.models import PersonName, Strict, SubsidiaryFilter, SubsidiaryPath, narrowed
from service.api.overrides import CustomerPath
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Reads
from service.api.segmented import StoredFigures, stored_figures
from service.api.tables import AS_FILE, AsTable
from service.errors import NotFound
from service.operations import references
from service.operations.segmentations import card
from service.store import customers
from service.values import Money, to_decimal

router = APIRouter(tags=["data"])


class CustomerDocument(Strict):
    subsidiary: str
    code: str
    name: PersonName
    salesperson: str = Field(description="Code of the seller; empty if none.")
    channel: str
    currency: str
    potential: Money | None = Field(description="What he buys a year from all suppliers; null if not known.")
    potential_date: date | None
    potential_source: str = Field(description="declared, norm or peer; empty if not known.")
    industry: str
    region: str
    since: date | None


def _nullable(model: type[Strict]) -> dict[str, Any]:
    """The fields of a model, each of them null where there is nothing to say."""
    hints: dict[str, Any] = get_type_hints(model, include_extras=True)
    return {
        name: (hints[name] | None, Field(default=None, description=field.description))
        for name, field in model.model_fields.items()
    }


class CardHead(CustomerDocument):
    segmentation: str | None = Field(description="The newest segmentation of the subsidiary; null before the first.")
    fresh: bool = Field(description="Whether that segmentation knows the newest data.")


_make: Any = create_model  # its overloads do not know a base together with fields in a dict
CustomerCard: Any = _make("CustomerCard", __base__=CardHead, **_nullable(StoredFigures))
"""Flat, because CRMs map fields: the customer, and his figures in the newest segmentation."""


@router.get(
    "/customers",
    operation_id="listCustomers",
    summary="Customers, as handed in",
    response_model=Page[CustomerDocument],
    responses={**AS_FILE, **responses(NotFound)},
)
def list_customers(
    request: Request,
    response: Response,
    entry: Reads,
    subsidiary: SubsidiaryFilter = None,
    salesperson: Annotated[str | None, Query(max_length=64)] = None,
    code: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """By subsidiary and code."""
    cursor = read_cursor(after, int, str)
    if table is not None:

        def read(caller: Caller) -> Iterator[pa.RecordBatch]:
            return customers.each(caller.connection, narrowed(caller, subsidiary), salesperson, code)

        return table.of_stored(entry, "customers", CustomerDocument, read)
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        rows = customers.page(caller.connection, reach, limit + 1, cursor, salesperson, code)
    return page_of(
        request,
        response,
        rows,
        limit,
        lambda row: CustomerDocument(**_values(row)),
        lambda row: (row.subsidiary_id, row.code),
    )


@router.get(
    "/customers/{subsidiary}/{code:path}",
    operation_id="getCustomer",
    summary="A customer's card",
    response_model=CustomerCard,
    responses=responses(NotFound),
)
def get_customer(subsidiary: SubsidiaryPath, code: CustomerPath, entry: Reads) -> Response:
    """What was handed in about the customer, and where the newest segmentation puts him."""
    with entry.looking_up() as caller:
        found = card(caller, subsidiary, code)
    newest = found.segmentation
    shown = CustomerCard(
        **_values(found.customer),
        segmentation=references.write(subsidiary, newest.number) if newest else None,
        fresh=newest is not None and newest.data_revision == found.customer.data_revision,
        **(stored_figures(found.row, found.abc) if found.row and found.abc else {}),
    )
    # Already checked; FastAPI would check it again.
    return Response(shown.model_dump_json(), media_type="application/json")


def _values(row: Any) -> dict[str, Any]:
    names = CustomerDocument.model_fields.keys() - {"potential"}
    potential = None if row.potential is None else to_decimal(row.potential)
    return {name: getattr(row, name) for name in names} | {"potential": potential}
