"""Ids of submissions and results: the subsidiary's code, a point, and a number inside it, as in `DE.17`."""

import re

from service.access.keys import Caller
from service.errors import NotFound
from service.store import subsidiaries
from service.store.reach import GROUP, GROUP_CODE, Reach
from service.wording import say

_ID = re.compile(r"([^\x00]{1,64})\.([1-9][0-9]{0,8})", re.ASCII)


def write(subsidiary: str, number: int) -> str:
    return f"{subsidiary or GROUP_CODE}.{number}"


def locate(caller: Caller, identifier: str) -> tuple[Reach, int]:
    """The subsidiary (as a reach of one) and the number in an id. NotFound where it is none within reach."""
    match = _ID.fullmatch(identifier)
    if match is None:
        raise nothing(identifier)
    row = subsidiaries.find(caller.connection, caller.reach, match[1])
    if row is not None:
        return caller.reach.narrowed([row.id]), int(match[2])
    if match[1] == GROUP_CODE and caller.reach.whole_group:
        return caller.reach.narrowed([GROUP]), int(match[2])
    raise nothing(identifier)


def nothing(identifier: str) -> NotFound:
    return NotFound(say("There is no {identifier!r} that this key reaches.", identifier=identifier))
