"""The measures as columns, in the order of `service.method.measures`."""

from sqlmodel import SQLModel

from service.store.columns import amount


class Measured(SQLModel):
    """Amounts of each measure, in ten-thousandths."""

    orders: int = amount()
    revenue: int = amount()
    margin: int = amount()
    quotes: int = amount()
    quote_value: int = amount()
    leads: int = amount()
    qualified: int = amount()
    offers: int = amount()
    wins: int = amount()
    lead_value: int = amount()
    offer_value: int = amount()
    win_value: int = amount()
    calls: int = amount()
    meetings: int = amount()
    hours: int = amount()
