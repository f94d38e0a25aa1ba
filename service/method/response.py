"""Sales as a response to effort: the ADBUDG curve (Little 1970), from judgements or fitted to what was observed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy.optimize import least_squares

from service.errors import BadArgument
from service.wording import say

SHAPES = (0.1, 10.0)
"""The exponents c that a curve may have."""
FEWEST_EFFORTS = 4
MOST_SALES = 10
"""A fit puts saturation at most so many times above the largest sales observed."""
LEAST_EFFORT = 1e-6
_ODDS = (1e-9, 1e9)
"""How near a point may be to none and to saturation: sales above none, against what is missing to saturation."""
_HALFWAY = (1e-3, 1e3)
"""Where half of the response is reached, as a multiple of the median effort."""


@dataclass(frozen=True, slots=True)
class Response:
    """Sales at an effort x: a + (b − a)·xᶜ/(d + xᶜ). `a` without effort, `b` with all there is; c > 1: S-shaped."""

    a: float
    b: float
    c: float
    d: float

    def at(self, effort: float) -> float:
        """Sales at this effort, which is not negative."""
        if not effort:
            return self.a
        power: float = effort**self.c
        return self.a + (self.b - self.a) * power / (self.d + power)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted curve, the root of its mean squared error, and the share of the variance that it explains.

    `open_end`: the observations do not show where sales stop growing, so that `b` is the most that a fit allows.
    """

    response: Response
    error: float
    explained: float | None
    open_end: bool


def judged(none: float, saturation: float, points: Sequence[tuple[float, float]]) -> Response:
    """The curve through the sales without effort, with all there is, and at two (effort, sales) between.

    BadArgument where no such curve goes through them.
    """
    (first, low), (second, high) = sorted(points)
    if not LEAST_EFFORT <= first < second:
        raise BadArgument("points", say("The two points need two different efforts above 0."))
    if not none < low < high < saturation:
        raise BadArgument("points", say("Sales must grow from none over the two points to saturation."))
    odds = [(sales - none) / (saturation - sales) for sales in (low, high)]
    if odds[0] < _ODDS[0] or odds[1] > _ODDS[1]:
        raise BadArgument("points", say("A point is too near to none or to saturation to tell a curve."))
    shape = log(odds[1] / odds[0]) / log(second / first)
    if not SHAPES[0] <= shape <= SHAPES[1]:
        raise BadArgument(
            "points",
            say(
                "A curve through these points has the exponent {shape:g}, beyond {shapes}.",
                shape=shape,
                shapes=f"{SHAPES[0]:g}–{SHAPES[1]:g}",
            ),
        )
    return Response(none, saturation, shape, first**shape / odds[0])


def fitted(observations: Sequence[tuple[float, float]]) -> Fit:
    """The curve with the least squared errors to (effort, sales), neither of them negative.

    BadArgument below four different efforts: the curve has four parameters.
    """
    effort, sales = (np.array(column, dtype=float) for column in zip(*observations, strict=True))
    if ((effort > 0) & (effort < LEAST_EFFORT)).any():
        raise BadArgument("observations", say("An effort is 0 or at least {least:g}.", least=LEAST_EFFORT))
    if len(set(effort.tolist())) < FEWEST_EFFORTS:
        raise BadArgument(
            "observations", say("A curve needs at least {fewest} different efforts.", fewest=FEWEST_EFFORTS)
        )
    unit, most = float(np.median(effort[effort > 0])), float(sales.max()) or 1.0
    x, y = effort / unit, sales / most

    def errors(given: np.ndarray) -> np.ndarray:
        a, gap, shape, halfway = given
        power = (x / np.exp(halfway)) ** np.exp(shape)
        found: np.ndarray = a + gap * power / (1 + power) - y
        return found

    bounds = np.array([(0, 1), (0, MOST_SALES), np.log(SHAPES), np.log(_HALFWAY)], dtype=float).T
    # The sum of squares has several valleys, so the search begins in several places.
    tries = [
        least_squares(errors, [float(y.min()), 1.0, log(shape), log(halfway)], bounds=bounds)
        for shape in (0.7, 1.5, 4.0)
        for halfway in (0.5, 2.0)
    ]
    best = min(tries, key=lambda one: float(one.cost))
    a, gap, shape, halfway = (float(one) for one in best.x)
    squares, spread = 2 * float(best.cost), float(((y - y.mean()) ** 2).sum())
    response = Response(a * most, (a + gap) * most, exp(shape), (unit * exp(halfway)) ** exp(shape))
    return Fit(
        response,
        most * (squares / len(y)) ** 0.5,
        1 - squares / spread if spread else None,
        open_end=gap > 0.99 * MOST_SALES or halfway > 0.99 * log(_HALFWAY[1]),
    )
