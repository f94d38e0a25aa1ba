"""What Schemathesis must be told: NDJSON is text."""

import schemathesis

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
