"""Exchange rates of the group, month by month."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, PlainSerializer, WithJsonSchema

from service.api.models import Strict
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.security import Reads
from service.api.tables import AS_FILE, AsTable
from service.method.months import month_text
from service.store import exchange_rates
from service.values import RATE_DECIMALS, to_rate

router = APIRouter(tags=["data"])


class ExchangeRate(Strict):
    period: str
    currency: str
    reference: str
    rate: Annotated[
        Decimal,
        PlainSerializer(lambda rate: f"{rate.normalize():f}", return_type=str),
        WithJsonSchema({"type": "string", "x-decimals": RATE_DECIMALS, "x-unit": "currency per currency"}),
        Field(description="Units of the reference currency for one unit of the currency, average of the month."),
    ]


@router.get(
    "/exchange-rates",
    operation_id="listExchangeRates",
    summary="Exchange rates, as handed in",
    response_model=Page[ExchangeRate],
    responses={**AS_FILE},
)
def list_exchange_rates(
    request: Request,
    response: Response,
    entry: Reads,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """By month, currency and reference currency. They are the group's: every key may read them."""
    cursor = read_cursor(after, int, str, str)
    if table is not None:
        return table.of_stored(entry, "exchange-rates", ExchangeRate, lambda c: exchange_rates.each(c.connection))
    with entry.reading() as caller:
        rows = exchange_rates.page(caller.connection, limit + 1, cursor)
    return page_of(
        request,
        response,
        rows,
        limit,
        lambda row: ExchangeRate(
            period=month_text(row.period),
            currency=row.currency,
            reference=row.reference,
            rate=to_rate(row.rate),
        ),
        lambda row: (row.period, row.currency, row.reference),
    )
