"""OData 4.0, read-only: what a request asks for, and what is answered. The grammar of `$filter` is odata-query's."""
