"""One function per operation that takes more than one step."""
