"""Pictures of results, and links to them that need no key."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from service.access import links
from service.access.keys import Caller
from service.api.comparisons import Units
from service.api.models import ResultPath, Strict, example
from service.api.problems import in_language, responses
from service.api.security import Draws, ReadsResults, link_address
from service.api.tables import Locale
from service.charts import comparison, workload
from service.charts import plan as of_plan
from service.charts import segmentation as of_segmentation
from service.charts.drawing import Artist
from service.charts.look import Look, Spec, Theme
from service.charts.segmentation import Placed, Ranked
from service.errors import BadArgument, MissingRate, MixedCurrencies, NoData, NotFound, NotImplementedHere, Unavailable
from service.forms.languages import negotiate
from service.operations import attainment, comparisons, keeping, scenarios, staffing, uncertainty
from service.operations import segmentations as segmented
from service.operations.segmentations import Kept
from service.store import results, segments
from service.values import Whole, to_decimal
from service.wording import say

router = APIRouter(tags=["charts"])
_SUFFIX = r"\.(svg|png|pdf|html|json)$"
_SAYS = "Name of the picture, and how it comes: `html` needs no network, `json` is the Vega-Lite specification."
OfSegmentation = Annotated[
    str,
    Path(
        pattern=rf"^(abc-curve|potential-map|migration|revenue-bridge){_SUFFIX}",
        description=_SAYS,
        examples=["abc-curve.svg"],
    ),
]
OfPlan = Annotated[
    str, Path(pattern=rf"^(attainment|blocks|levers){_SUFFIX}", description=_SAYS, examples=["blocks.svg"])
]
OfRequirement = Annotated[str, Path(pattern=rf"^workload{_SUFFIX}", description=_SAYS, examples=["workload.svg"])]
OfComparison = Annotated[str, Path(pattern=rf"^comparison{_SUFFIX}", description=_SAYS, examples=["comparison.svg"])]
_TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "json": "application/vnd.vegalite.v6+json",
}
_SAFE = {
    # Its scripts are ours and run without an origin: they reach neither the service nor a network.
    "Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
}
_DOCUMENT, _FILE = {"type": "object"}, {"type": "string", "format": "binary"}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture.",
        "content": {
            kind.partition(";")[0]: {"schema": _DOCUMENT if name == "json" else _FILE} for name, kind in _TYPES.items()
        },
    }
}
_DRAWING = (NotImplementedHere, Unavailable)
_DRAWS_A_YEAR, _SEED = 2_000, 1
LONGEST_LINK_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Picture:
    """How it is to look, and who draws it."""

    look: Look
    artist: Artist

    def of(self, spec: Spec, chart: str) -> Response:
        """The answer, as the chart's name ends."""
        suffix = chart.partition(".")[2]
        headers = {**_SAFE, **in_language(self.look.lang)}
        if suffix == "json":
            return JSONResponse(spec, media_type=_TYPES["json"], headers=headers)
        return Response(self.artist.draw(spec, suffix), media_type=_TYPES[suffix], headers=headers)


def _pictured(
    request: Request,
    width: Annotated[Whole, Query(ge=160, le=2000, description="In pixels; below 420 words are left out.")] = 640,
    height: Annotated[Whole, Query(ge=120, le=2000, description="In pixels.")] = 400,
    theme: Annotated[Theme, Query(description="Of the ground.")] = "light",
    locale: Annotated[
        Locale | None, Query(description="Language of words, numbers and months; without it `Accept-Language` decides.")
    ] = None,
) -> Picture:
    lang = locale or negotiate(request.headers.get("accept-language"))
    return Picture(Look(width, height, theme, lang), request.app.state.artist)


AsPicture = Annotated[Picture, Depends(_pictured)]


@router.get(
    "/segmentations/{segmentation}/charts/{chart}",
    operation_id="drawSegmentation",
    summary="A picture of a segmentation",
    response_class=Response,
    responses={**_PICTURE, **responses(NotFound, *_DRAWING)},
)
def draw_segmentation(
    segmentation: ResultPath,
    chart: OfSegmentation,
    entry: Draws,
    picture: AsPicture,
) -> Response:
    """Who brings the revenue; what customers buy and could buy; who changed his class; from revenue to revenue."""
    with entry.reading() as caller:
        kept = segmented.find(caller, segmentation)
        spec = _SEGMENTED[chart.partition(".")[0]](caller, kept, picture.look)
    return picture.of(spec, chart)


def _abc_curve(caller: Caller, kept: Kept, look: Look) -> Spec:
    rows = segments.curve(caller.connection, kept.reach, kept.key)
    abc = kept.abc
    limits = [float(abc.a), float(abc.b)] if abc.rule == "cumulative" else []
    return of_segmentation.abc_curve(
        look, (Ranked(row.scope, row.abc_class, to_decimal(row.value)) for row in rows), limits
    )


def _potential_map(caller: Caller, kept: Kept, look: Look) -> Spec:
    rows = segments.largest(caller.connection, kept.reach, kept.key, of_segmentation.MOST_CUSTOMERS)
    placed = [Placed(row.code, row.segment, to_decimal(row.value), to_decimal(row.effective_potential)) for row in rows]
    (told,) = segmented.described(caller, [kept.row])
    return of_segmentation.potential_map(look, placed, told["customers"], told["currency"])


def _migration(caller: Caller, kept: Kept, look: Look) -> Spec:
    return of_segmentation.migration(look, segmented.migration(caller, kept, "frozen")["items"])


def _revenue_bridge(caller: Caller, kept: Kept, look: Look) -> Spec:
    (told,) = segmented.described(caller, [kept.row])
    bridge = segmented.migration(caller, kept, "frozen")["bridge"]
    return of_segmentation.revenue_bridge(look, bridge, told["currency"])


_SEGMENTED: Mapping[str, Callable[[Caller, Kept, Look], Spec]] = {
    "abc-curve": _abc_curve,
    "potential-map": _potential_map,
    "migration": _migration,
    "revenue-bridge": _revenue_bridge,
}


@router.get(
    "/plans/{plan}/charts/{chart}",
    operation_id="drawPlan",
    summary="A picture of a plan",
    response_class=Response,
    responses={**_PICTURE, **responses(NotFound, NoData, *_DRAWING)},
)
def draw_plan(
    plan: ResultPath,
    chart: OfPlan,
    entry: Draws,
    picture: AsPicture,
) -> Response:
    """The plan against what came, with the band that eight years in ten end in; its blocks; what its levers add."""
    with entry.reading() as caller:
        row = keeping.find(caller, results.PLAN, plan)[1]
        name = chart.partition(".")[0]
        if name == "blocks":
            kept = keeping.summary(row)
            spec = of_plan.blocks(picture.look, kept["blocks"], kept["revenue"], row.currency)
        elif name == "levers":
            spec = of_plan.levers(picture.look, scenarios.described(caller, plan), row.currency)
        else:
            months = _months(caller, plan, keeping.summary(row)["months"])
            laws = uncertainty.of_plan(caller, plan, None, _DRAWS_A_YEAR, _SEED)["laws"]
            spec = of_plan.attainment(picture.look, months, laws[-1] if laws else None, row.currency)
    return picture.of(spec, chart)


def _months(caller: Caller, plan: str, planned: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Cumulative months of a plan; before its first has come they are the plan's alone."""
    try:
        months: list[dict[str, Any]] = attainment.attained(caller, plan, 0.5)["months"]
    except NoData:
        sums = accumulate(Decimal(one["revenue"]) for one in planned)
        return [
            {"period": one["period"], "cumulative_planned_revenue": so_far, "cumulative_actual_revenue": None}
            for one, so_far in zip(planned, sums, strict=True)
        ]
    return months


@router.get(
    "/resource-requirements/{requirement}/charts/{chart}",
    operation_id="drawWorkload",
    summary="A picture of hours needed and there",
    response_class=Response,
    responses={**_PICTURE, **responses(NotFound, BadArgument, *_DRAWING)},
)
def draw_workload(requirement: ResultPath, chart: OfRequirement, entry: Draws, picture: AsPicture) -> Response:
    """Selling hours by month: what the plan needs against what the people employed now have."""
    with entry.reading() as caller:
        spec = workload.workload(picture.look, staffing.staffing(caller, requirement)["months"])
    return picture.of(spec, chart)


@router.get(
    "/comparisons/charts/{chart}",
    operation_id="drawComparison",
    summary="A picture of units side by side",
    response_class=Response,
    responses={**_PICTURE, **responses(NotFound, NoData, BadArgument, MissingRate, MixedCurrencies, *_DRAWING)},
)
def draw_comparison(
    chart: OfComparison,
    entry: Draws,
    picture: AsPicture,
    units: Units,
    indicator: Annotated[str, Query(max_length=64, description="Id from the catalogue.", examples=["retention"])] = (
        "margin_rate"
    ),
) -> Response:
    """Subsidiaries, teams or sellers by one indicator, the best first, and where the best quarter begins."""
    question = units((indicator,))
    with entry.reading_behind() as caller:
        found = comparisons.answer(caller, question)
    (common,) = found["common"]
    spec = comparison.comparison(
        picture.look, found["items"], common, indicator.replace("_", " ").capitalize(), question.of
    )
    return picture.of(spec, chart)


class LinkRequest(Strict):
    model_config = example(
        path="/v1/segmentations/DE.1/charts/abc-curve.png?width=320&height=220&locale=de", seconds=604800
    )

    path: Annotated[
        str, Field(max_length=1000, pattern=r"^/v1/[\x21-\x7e]+$", description="Path and parameters of a picture.")
    ]
    seconds: Annotated[
        int, Field(ge=60, le=LONGEST_LINK_SECONDS, strict=True, description="How long it is good for.")
    ] = 86_400


class LinkDocument(Strict):
    path: str = Field(description="Put your address of the service before it. Good for this picture alone.")
    until: int = Field(description="When it ends, in Unix seconds; earlier with the key.")


@router.post(
    "/chart-links",
    operation_id="linkChart",
    summary="A link to a picture that needs no key",
    responses=responses(BadArgument),
)
def link_chart(asked: LinkRequest, entry: ReadsResults) -> LinkDocument:
    """For e-mail and cards of a CRM. It stands for your key: what that may no longer see, the link no longer shows."""
    parts = urlsplit(asked.path)
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    if not _CHART.fullmatch(parts.path) or parts.fragment:
        raise BadArgument("path", say("This is no picture: `/v1/…/charts/NAME.svg` and its parameters."))
    if {name for name, _ in parameters} & {"by", "until", "signature"}:
        raise BadArgument("path", say("`by`, `until` and `signature` are added to it."))
    with entry.reading() as caller:
        until = int(caller.now.timestamp()) + asked.seconds
        address = link_address(parts.path, [*parameters, ("by", caller.principal), ("until", str(until))])
        signature = links.sign(caller.connection, caller.principal, address)
    return LinkDocument(path=f"{address}&signature={signature}", until=until)


_CHART = re.compile(r"/v1/[A-Za-z0-9._:@+/-]+/charts/[a-z-]+\.(svg|png|pdf|html|json)")
