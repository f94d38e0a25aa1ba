"""The cockpit: a page at `/` for a director, that only reads, and asks the API as any other client does.

Plain files without a build and without an outside address. The key that a person signs in with stays in the tab.
"""

import json
from importlib.resources import files

from fastapi import APIRouter, Response

from service.errors import NotFound
from service.forms.languages import LANGUAGES, page_words
from service.wording import say

router = APIRouter(include_in_schema=False)

_PAGE = files(__name__) / "page"
_KINDS = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_FILES = {file.name: file.read_bytes() for file in _PAGE.iterdir() if file.name.rpartition(".")[2] in _KINDS}


def _catalogues() -> bytes:
    """The words of the page in every language, and the name of each, as a script takes them."""
    words = {lang: page_words(lang) for lang in LANGUAGES}
    names = json.dumps(dict(LANGUAGES), ensure_ascii=False)
    said = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return f"export const NAMES = {names};\nexport const LANGUAGES = {said};\n".encode()


_FILES["catalogues.js"] = _catalogues()


@router.get("/")
async def get_page() -> Response:
    return _answer("index.html")


@router.get("/cockpit/{name}")
async def get_file(name: str) -> Response:
    if name not in _FILES:
        raise NotFound(say("The cockpit has no file {name!r}.", name=name))
    return _answer(name)


def _answer(name: str) -> Response:
    kind = _KINDS[name.rpartition(".")[2]]
    return Response(_FILES[name], media_type=kind, headers=_HEADERS)
