"""The process that draws: `python -I -m service.charts.artist`.

It takes a job a line from standard input, as JSON, and answers each with a line of JSON and the picture. What draws is
V8 with our own specification in it: it may fetch nothing, and it ends by itself when nothing comes, or when it has
grown.
"""

import json
import resource
import select
import sys
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import vl_convert

SECONDS = 20
"""Of the processor, for one picture."""
IDLE_SECONDS = 300
MOST_BYTES = 3 << 29
GROWN_BYTES = 3 << 28
_SCALE = 2
"""Of PNG: pixels of the picture for one of the page, as fine screens and mail want them."""
_PAGE_BYTES = 4096


_LESS = "\ue000"
"""Stands for `<` of our specification while it is put into a page, where `</script>` would end it."""


def _svg(spec: dict[str, Any], **locale: Any) -> bytes:
    drawn = str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[], **locale))
    head, _, rest = drawn.partition(">")
    return f'{head} role="img"><title>{escape(spec["description"])}</title>{rest}'.encode()


def _png(spec: dict[str, Any], **locale: Any) -> bytes:
    return bytes(vl_convert.vegalite_to_png(spec, scale=_SCALE, allowed_base_urls=[], **locale))


def _pdf(spec: dict[str, Any], **locale: Any) -> bytes:
    return bytes(vl_convert.vegalite_to_pdf(spec, allowed_base_urls=[], **locale))


def _html(spec: dict[str, Any], **locale: Any) -> bytes:
    page = str(vl_convert.vegalite_to_html(json.dumps(spec).replace("<", _LESS), bundle=True, **locale))
    title = f"<head><title>{escape(spec['title']['text'])}</title>"
    return page.replace(_LESS, "\\u003c").replace("<head>", title, 1).encode()


DRAWN: Mapping[str, Callable[..., bytes]] = {"svg": _svg, "png": _png, "pdf": _pdf, "html": _html}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    jobs, out = sys.stdin.buffer, sys.stdout.buffer
    while select.select([jobs], [], [], IDLE_SECONDS)[0] and (line := jobs.readline()):
        job = json.loads(line)
        _spend_at_most(SECONDS)
        drawn = DRAWN[job["kind"]](job["spec"], format_locale=job["locale"])
        out.write(json.dumps({"bytes": len(drawn)}).encode() + b"\n" + drawn)
        out.flush()
        if _resident() > GROWN_BYTES:
            break


def _spend_at_most(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    bound = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (bound, resource.RLIM_INFINITY))


def _resident() -> int:
    """Bytes of memory in use; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


if __name__ == "__main__":
    main()
