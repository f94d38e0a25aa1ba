"""What to do about each kind of refusal: a sentence for whoever meets it, by slug."""

from collections.abc import Mapping
from types import MappingProxyType

from service.wording import Message, say

REMEDIES: Mapping[str, Message] = MappingProxyType(
    {
        "amount-too-large": say("Ask for fewer months or subsidiaries, and look for an amount in the wrong unit."),
        "bad-argument": say("Give the argument that `errors` names a value that its message allows."),
        "bad-body": say(
            "Send what `Content-Type` promises: one JSON document, or CSV in UTF-8 with the form's columns."
        ),
        "bad-cursor": say("Begin the list again without `after`, and follow `next` as it is given."),
        "bad-option": say(
            "Mend the query option that is named; `/odata/v1/$metadata` says which properties there are."
        ),
        "bad-request": say("Compare the request with the contract at `/docs`."),
        "changed-since": say("Withdraw or correct the later submission first."),
        "closed-month": say("Leave the month out, give a `reason`, or hand the difference in as a delta."),
        "conflict": say("Read what is stored, and decide again."),
        "document-refused": say("Mend each place that `errors` names, and send the whole document again."),
        "feed-in-use": say("Look at what `replaces` counts; to go ahead, ask again with `replace=true`."),
        "forbidden": say("Ask whoever gives out keys for one with the scope that the detail names."),
        "internal-error": say("Send it again later; tell the operator the `request_id` if it stays."),
        "invalid-request": say("Mend each field that `errors` names; the contract at `/docs` shows an example."),
        "key-reused": say("Use a new `Idempotency-Key` for each new request, and the old one only to repeat."),
        "method-not-allowed": say("Use one of the methods in the header `Allow`."),
        "missing-rate": say("Hand in the rates of the months that are named with the form `exchange-rates`."),
        "mixed-currencies": say("Name the `currency` to convert to, or ask for one subsidiary."),
        "no-data": say("Ask for other months, or hand in the statistics of these first."),
        "not-authenticated": say("Send `Authorization: Bearer` and a key that is neither expired nor revoked."),
        "not-found": say("Check the address, and whether the key reaches that subsidiary."),
        "not-implemented-here": say("Leave the option out, or ask the API itself for what it would bring."),
        "other-feed": say("Hand the measures in the way that the subsidiary declares, or switch its feed first."),
        "outcome-unknown": say("Send the same request again with the same `Idempotency-Key`; it is stored once."),
        "precondition-failed": say("Read the resource again, and send the change with the new etag in `If-Match`."),
        "precondition-required": say("Read the resource, and send its etag in `If-Match`."),
        "quota-exceeded": say("Wait as long as `Retry-After` says, then go on more slowly."),
        "request-in-progress": say("Send the same request again after `Retry-After`; its answer will be there."),
        "rows-refused": say(
            "Mend the rows that `errors` names, and send the file again; what is stored stays `unchanged`."
        ),
        "stale-plan": say("Calculate the plan again, or approve it with `stale` if the earlier data are meant."),
        "storage-full": say("Tell the operator that the database needs room, then send it again."),
        "superseded": say("Calculate a new plan, and approve that."),
        "too-large": say("Split the submission, or send it as CSV, NDJSON or Parquet."),
        "too-slow": say("Send it again over a steadier connection, compressed or in smaller parts."),
        "unavailable": say("Send the same request again after `Retry-After`."),
        "unprocessable": say("Read the detail: it says what stands in the way."),
        "wrong-content-type": say(
            "Send one of the content types that the contract at `/docs` names for the operation."
        ),
    }
)
