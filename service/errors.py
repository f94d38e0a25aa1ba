"""Every refusal of the service, drawn as a tree.

    KontorError
    ├── BadRequest            400  the request itself cannot be read
    │   ├── BadCursor
    │   ├── BadOption              a query option of OData, named, with what would be right
    │   └── BadBody
    ├── NotAuthenticated      401  no key, or not one of ours
    ├── Forbidden             403  the key lacks a scope
    ├── NotFound              404  there is none, or it is not yours to see
    ├── MethodNotAllowed      405  the path exists, but not for this method
    ├── Conflict              409  it clashes with what is stored
    │   ├── RequestInProgress      the same Idempotency-Key is being worked on
    │   ├── StalePlan              the data changed since the plan was calculated
    │   └── Superseded             a later plan took its place
    ├── TooSlow               408  the body came too slowly
    ├── PreconditionFailed    412  it changed since you read it
    ├── TooLarge              413  the body is over the limit
    ├── WrongContentType      415  a format that this operation does not read
    ├── Unprocessable         422  well-formed, but it cannot be done
    │   ├── InvalidRequest         it does not fit the contract
    │   ├── RowsRefused            rows of a submission, each with its reason
    │   ├── DocumentRefused        places of a document, each with its reason
    │   ├── KeyReused              Idempotency-Key used before with another request
    │   ├── MissingRate            an amount cannot be converted, and which month lacks the rate
    │   ├── MixedCurrencies        a sum over several currencies was asked for
    │   ├── NoData                 the window holds nothing to calculate from
    │   ├── AmountTooLarge         a sum leaves the range that is kept exactly
    │   └── BadArgument            one argument, named, with what would be right
    ├── PreconditionRequired  428  a change needs If-Match
    ├── QuotaExceeded         429  more than the key may ask for in a minute
    ├── InternalError         500  our fault
    ├── NotImplementedHere    501  a part of a standard that this service leaves out
    └── Unavailable           503  try again, `retry_after` says when
        ├── OutcomeUnknown         the connection broke while the database was storing
        └── StorageFull       507  the database has no room left

`api/problems.py` turns each into an `application/problem+json` document (RFC 9457).
The class name in kebab-case is the problem's slug; its docstring is its explanation in the documentation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from service.wording import Message, listing, say

LISTED_PROBLEMS = 100
"""So many row problems are listed in an answer; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell or one row of a form, in words that let the sender mend it.

    `row` counts as a person does: in JSON the place in the array from 1, in CSV the row a spreadsheet
    shows (the header is row 1). `None` for the table as a whole. `column` is `None` for a whole row.
    """

    row: int | None
    column: str | None
    code: str
    message: Message
    value: str | None = None
    cell: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("row", "column", "code", "message", "value", "cell")}

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it: `said` is what the message was made of."""
        return self.as_dict() | {"message": str(self.message), "said": self.message.parts()}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Problem":
        """What was kept. Raises KeyError or TypeError for what was not."""
        values = dict(kept)
        return cls(message=Message.kept(str(values.pop("message")), values.pop("said", None)), **values)

    def at(self, cell: str) -> "Problem":
        """The same, with the name that a spreadsheet has for the cell, as in `Statistics!F17`."""
        return replace(self, cell=cell)


class KontorError(Exception):
    """Something the service refuses, with a reason."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "The service refused"
    retry_after: int | None = None
    """Seconds after which the same request may fare better."""

    def __init__(self, detail: Message) -> None:
        super().__init__(detail)
        self.detail = detail

    @classmethod
    def slug(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def extra(self) -> dict[str, Any]:
        """Further members of the problem document."""
        return {}


class BadRequest(KontorError):
    """The request cannot be read: a parameter or the body is not what the contract says."""

    status = 400
    title = "The request cannot be read"


class BadCursor(BadRequest):
    """`after` is not a cursor that this list has given out."""

    title = "Not a cursor of this list"


class BadOption(BadRequest):
    """A query option of OData cannot be read, or names a property that the entity set does not have."""

    title = "A query option cannot be used"


class BadBody(BadRequest):
    """The body is not the JSON or CSV that its content type promises."""

    title = "The body cannot be read"


class NotAuthenticated(KontorError):
    """The request has no API key and no access token, or one that is unknown, mistyped, expired or revoked."""

    status = 401
    title = "An API key is needed"


class Forbidden(KontorError):
    """The API key or token lacks the scope (or the reach over the whole group) that the operation needs."""

    status = 403
    title = "The key may not do this"


class NotFound(KontorError):
    """There is no such thing, or it belongs to a subsidiary that the key does not reach."""

    status = 404
    title = "Not found"


class MethodNotAllowed(KontorError):
    """The path exists, but not for this method; `Allow` names those that it has."""

    status = 405
    title = "Not a method of this path"


class Conflict(KontorError):
    """The request clashes with what is stored."""

    status = 409
    title = "It clashes with what is stored"


class RequestInProgress(Conflict):
    """Another request with the same Idempotency-Key is being worked on; ask again in a moment."""

    title = "The same request is being worked on"
    retry_after = 2


class OtherFeed(Conflict):
    """The subsidiary declares that these measures come in another way: as lines, or from a register."""

    title = "These measures come in another way"


class FeedInUse(Conflict):
    """Switching the feed would replace what is stored; `replaces` says what. Ask again with `replace=true`."""

    title = "Switching the feed would replace data"

    def __init__(self, detail: Message, replaces: Sequence[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.replaces = list(replaces)

    def extra(self) -> dict[str, Any]:
        return {"replaces": self.replaces}


class ClosedMonth(Conflict):
    """A closed month would change. Give a `reason`, or hand the difference in as a delta."""

    title = "The month is closed"


class ChangedSince(Conflict):
    """A later submission changed rows of the one to be withdrawn. Withdraw or correct the later one first."""

    title = "Changed since by a later submission"


class StalePlan(Conflict):
    """The data changed since the plan was calculated. Calculate it again, or approve it with `stale`."""

    title = "The plan rests on earlier data"


class Superseded(Conflict):
    """The plan was approved once, and a later approved plan took its place. Calculate a new one."""

    title = "A later plan took its place"


class PreconditionFailed(KontorError):
    """The resource changed since it was read: `If-Match` names an older state."""

    status = 412
    title = "It changed since you read it"


class TooLarge(KontorError):
    """The body is larger than the service takes in one request."""

    status = 413
    title = "The body is too large"


class WrongContentType(KontorError):
    """The operation does not read this content type."""

    status = 415
    title = "A content type this operation does not read"


class Unprocessable(KontorError):
    """The request is well-formed, but it cannot be done."""

    status = 422
    title = "It cannot be done"


class InvalidRequest(Unprocessable):
    """The request does not fit the contract; `errors` names each field and what is wrong with it."""

    title = "The request does not fit the contract"


class RowsRefused(Unprocessable):
    """Rows of the submission are wrong; nothing of it is stored. `errors` names row, column and reason."""

    title = "Rows were refused, nothing was stored"

    def __init__(self, problems: Sequence[Problem], total: int, received: int) -> None:
        super().__init__(_counted(total, received))
        self.problems = list(problems)
        self.total = total
        self.received = received

    def extra(self) -> dict[str, Any]:
        return {
            "errors": [problem.as_dict() for problem in self.problems[:LISTED_PROBLEMS]],
            "errors_total": self.total,
            "received": self.received,
        }


def _counted(total: int, received: int) -> Message:
    if total == 1:
        return say("1 problem in {received} rows. Nothing was stored.", received=received)
    if total <= LISTED_PROBLEMS:
        return say("{total} problems in {received} rows. Nothing was stored.", total=total, received=received)
    return say(
        "{total} problems in {received} rows; the first {listed} are listed. Nothing was stored.",
        total=total,
        received=received,
        listed=LISTED_PROBLEMS,
    )


class DocumentRefused(Unprocessable):
    """The document cannot be taken; nothing of it is stored. `errors` names each place, dotted, and the reason."""

    title = "The document cannot be taken"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(listing([(problem.column or "", problem.message) for problem in problems]))
        self.problems = list(problems)

    def extra(self) -> dict[str, Any]:
        listed = [problem.as_dict() for problem in self.problems[:LISTED_PROBLEMS]]
        return {"errors": listed, "errors_total": len(self.problems)}


class KeyReused(Unprocessable):
    """The Idempotency-Key was used before with another request."""

    title = "The Idempotency-Key belongs to another request"


class MissingRate(Unprocessable):
    """An amount cannot be converted: the months named lack an exchange rate."""

    title = "An exchange rate is missing"

    def __init__(self, currency: str, reference: str, months: Sequence[str]) -> None:
        shown: str = ", ".join(months[:12])
        if len(months) > 12:
            shown = say("{months} and {count} more", months=shown, count=len(months) - 12)
        super().__init__(
            say(
                "No rate of {currency} in {reference} for {months}. Hand it in with the form exchange-rates.",
                currency=currency,
                reference=reference,
                months=shown,
            )
        )
        self.months = list(months)
        self.currency = currency
        self.reference = reference

    def extra(self) -> dict[str, Any]:
        return {"currency": self.currency, "reference": self.reference, "months": self.months[:LISTED_PROBLEMS]}


class MixedCurrencies(Unprocessable):
    """A sum over subsidiaries with different currencies was asked for without naming a currency."""

    title = "Several currencies cannot be added"


class NoData(Unprocessable):
    """The window holds no data to calculate from."""

    title = "Nothing to calculate from"


class AmountTooLarge(Unprocessable):
    """A sum leaves the range in which the service is exact (about ± 461 million million)."""

    title = "A sum is too large to be exact"


class BadArgument(Unprocessable):
    """One argument has a value that cannot be used; `argument` names it."""

    title = "An argument cannot be used"

    def __init__(self, argument: str, detail: Message) -> None:
        super().__init__(detail)
        self.argument = argument

    def extra(self) -> dict[str, Any]:
        return {"errors": [Problem(None, self.argument, "bad_argument", self.detail).as_dict()], "errors_total": 1}


class PreconditionRequired(KontorError):
    """A change of an existing resource needs `If-Match` with the etag that was read."""

    status = 428
    title = "A change needs If-Match"


class TooSlow(KontorError):
    """The body of the request came too slowly, or stopped coming."""

    status = 408
    title = "The body came too slowly"


class QuotaExceeded(KontorError):
    """The key has used up its requests or rows of this minute, or an address has tried too many wrong keys."""

    status = 429
    title = "The quota is used up"

    def __init__(self, detail: Message, policy: str, seconds: int) -> None:
        super().__init__(detail)
        self.policy = policy
        self.retry_after = seconds

    def extra(self) -> dict[str, Any]:
        return {"violated_policies": [self.policy]}


class InternalError(KontorError):
    """Something went wrong that is our fault; the log knows more under the request id."""

    title = "Internal error"


class NotImplementedHere(KontorError):
    """The standard has this, and the service does not: a query option of OData beyond those in the documentation."""

    status = 501
    title = "Not implemented"


class Unavailable(KontorError):
    """The service cannot answer now; `Retry-After` says when to ask again."""

    status = 503
    title = "Not available now"
    retry_after = 2


class OutcomeUnknown(Unavailable):
    """The connection broke while the database was storing: it is done, or not at all. Send it again, with the same
    Idempotency-Key."""

    title = "Stored or not: ask again"


class StorageFull(Unavailable):
    """The database has no room left; nothing of the request was stored."""

    status = 507
    title = "No room left"
    retry_after = 60


def kinds() -> dict[str, type[KontorError]]:
    """Every kind of refusal by its slug."""
    found: dict[str, type[KontorError]] = {}
    open_ends = [KontorError]
    while open_ends:
        kind = open_ends.pop()
        children = kind.__subclasses__()
        open_ends += children
        found |= {child.slug(): child for child in children}
    return dict(sorted(found.items()))
