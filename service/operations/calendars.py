"""Working days of a country's months: Monday to Friday without public holidays of the whole country."""

from dataclasses import dataclass
from datetime import timedelta

import holidays

from service.method.months import Window, month_of
from service.method.parameters import ResourceNorms


@dataclass(frozen=True, slots=True)
class Calendar:
    """`days`: working days by month. `observed`: they are the country's; else the norm's, the same every month."""

    days: tuple[float, ...]
    observed: bool


def of_country(country: str, window: Window, norms: ResourceNorms) -> Calendar:
    """The country's working days in these months, or those of the norm where its holidays are not known."""
    first, last = window.days
    try:
        free = holidays.country_holidays(country, years=range(first.year, last.year + 1))
    except NotImplementedError:
        return Calendar(tuple(norms.working_days / 12 for _ in window.months), observed=False)
    counted = dict.fromkeys(window.months, 0.0)
    day = first
    while day <= last:
        counted[month_of(day)] += day.weekday() < 5 and day not in free
        day += timedelta(days=1)
    return Calendar(tuple(counted.values()), observed=True)
