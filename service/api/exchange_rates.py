"""Exchange rates of the group, month by month."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, PlainSerializer, WithJsonSchema

from service.api.models import Strict
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.security import Reads
from service.method.months import month_text
from service.store import exchange_rates
from service.values import to_rate

router = APIRouter(tags=["data"])


class ExchangeRate(Strict):
    period: str
    currency: str
    reference: str
    rate: Annotated[
        Decimal,
        PlainSerializer(lambda rate: f"{rate.normalize():f}", return_type=str),
        WithJsonSchema({"type": "string"}),
        Field(description="Units of the reference currency for one unit of the currency, average of the month."),
    ]


@router.get("/exchange-rates", operation_id="listExchangeRates", summary="Exchange rates, as handed in")
def list_exchange_rates(
    request: Request, response: Response, entry: Reads, limit: Limit = 100, after: After = None
) -> Page[ExchangeRate]:
    """By month, currency and reference currency. They are the group's: every key may read them."""
    with entry.reading() as caller:
        rows = exchange_rates.page(caller.connection, limit + 1, read_cursor(after, int, str, str))
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
