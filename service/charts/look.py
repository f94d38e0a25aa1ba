"""How pictures look: size, theme, colours that colour-blind people tell apart, numbers as a country writes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from service.forms.languages import translate

Theme = Literal["light", "dark"]
Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
MONTHS: Spec = {"field": "month", "type": "ordinal", "sort": None, "title": None, "axis": {"labelAngle": 0}}
"""The axis of months, in the order of the rows."""
NARROW = 420
"""Pictures below this width, in pixels, leave words out."""
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Colours:
    """Of Okabe and Ito's palette, with blue and grey as light as a dark ground needs."""

    ground: str
    ink: str
    faint: str
    main: str
    second: str
    good: str
    bad: str
    quiet: str


_COLOURS: Mapping[Theme, Colours] = {
    "light": Colours("#ffffff", "#1f2328", "#d0d7de", "#0072b2", "#e69f00", "#009e73", "#d55e00", "#7f8790"),
    "dark": Colours("#15191e", "#e6edf3", "#3d444d", "#56b4e9", "#e69f00", "#2bbf92", "#ff7f32", "#9aa4ae"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the reader asks of a picture. Width and height in pixels."""

    width: int = 640
    height: int = 400
    theme: Theme = "light"
    lang: str = "en"

    @property
    def colours(self) -> Colours:
        return _COLOURS[self.theme]

    @property
    def say(self) -> Callable[[str], str]:
        return translate(self.lang)

    @property
    def narrow(self) -> bool:
        return self.width < NARROW

    def number(self, value: Decimal | float | str, digits: int = 0) -> str:
        """As the country writes it."""
        return str(format_decimal(Decimal(str(value)), _pattern(digits), locale=self.lang))

    def short(self, value: Decimal | float) -> str:
        """Three significant digits or so, in thousands, millions …: `1.3M`, `25k`."""
        size, places = float(value), 0
        while abs(size) >= 0.9995 * _THOUSAND and places < 4:
            size, places = size / _THOUSAND, places + 1
        digits = 0 if abs(size) >= 100 or (places == 0 and size == int(size)) else 1
        size = round(size, digits)
        return self.number(size, digits if size % 1 else 0) + ("", "k", "M", "G", "T")[places]

    def percent(self, value: float, digits: int = 0) -> str:
        """Of a ratio."""
        return str(format_percent(value, f"{_pattern(digits)}%", locale=self.lang))

    def month(self, text: str) -> str:
        """`2026-03` as a label, `Mar 26`."""
        pattern = "LLL" if self.narrow else "LLL yy"
        return str(format_date(date.fromisoformat(f"{text}-01"), pattern, locale=self.lang))


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def picture(look: Look, title: str, subtitle: str, alt: str, rows: Sequence[Mapping[str, Any]], body: Spec) -> Spec:
    """A whole specification: `body` has its marks. `alt` says in words what the picture shows."""
    heading: Spec = {"text": title, "anchor": "start"}
    if subtitle and not look.narrow:
        heading["subtitle"] = subtitle
    return {
        "$schema": SCHEMA,
        "description": alt,
        "title": heading,
        "width": look.width,
        "height": look.height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 8 if look.narrow else 12,
        "data": {"values": list(rows)},
        **body,
        "config": _config(look),
        "usermeta": {"embedOptions": {"formatLocale": number_locale(look.lang), "actions": False}},
    }


def number_locale(lang: str) -> dict[str, Any]:
    """How d3 is to write numbers."""
    symbols = Locale.parse(lang).number_symbols["latn"]
    return {"decimal": symbols["decimal"], "thousands": symbols["group"], "grouping": [3], "currency": ["", ""]}


def _config(look: Look) -> Spec:
    colours, small = look.colours, 10 if look.narrow else 12
    text = {"labelColor": colours.ink, "titleColor": colours.ink, "labelFontSize": small, "titleFontSize": small}
    return {
        "background": colours.ground,
        "font": "Helvetica, Arial, Liberation Sans, sans-serif",
        "view": {"stroke": None},
        "title": {
            "color": colours.ink,
            "subtitleColor": colours.ink,
            "fontSize": 12 if look.narrow else 16,
            "subtitleFontSize": small,
            "limit": look.width - 24,
            "offset": 8,
        },
        "axis": {**text, "titleFontWeight": "normal", "domainColor": colours.quiet, "tickColor": colours.quiet}
        | {"gridColor": colours.faint, "labelLimit": look.width // 3, "labelOverlap": True},
        "axisY": {"tickCount": 5},
        "legend": {**text, "title": None, "orient": "bottom", "columns": max(1, look.width // 100), "symbolSize": 90},
        "text": {"color": colours.ink, "fontSize": small},
        "rule": {"color": colours.quiet},
        "bar": {"color": colours.main},
        "line": {"color": colours.main},
    }
