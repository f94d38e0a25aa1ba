"""States of a customer between two windows (non-contractual business: nobody says that he left).

*Buys* in a window = positive net revenue in it.
"""

from enum import StrEnum

import numpy as np
import pandas as pd


class State(StrEnum):
    RETAINED = "retained"
    NEW = "new"
    REACTIVATED = "reactivated"
    LOST = "lost"
    DORMANT = "dormant"
    PROSPECT = "prospect"


POOL = (State.LOST.value, State.DORMANT.value)
"""Who bought once and does not now: they can come back."""


def states(prior: pd.Series, now: pd.Series, bought_before: pd.Series) -> np.ndarray:
    """One State per customer from his net revenue in both windows and whether he bought earlier than both."""
    buys, bought, earlier = (now > 0).to_numpy(), (prior > 0).to_numpy(), bought_before.to_numpy(dtype=bool)
    cases = [buys & bought, buys & earlier, buys, bought, earlier]
    words = [State.RETAINED, State.REACTIVATED, State.NEW, State.LOST, State.DORMANT]
    return np.select(cases, [word.value for word in words], State.PROSPECT.value).astype(object)
