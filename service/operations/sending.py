"""Sending to addresses that callers name: only to the outside, only over TLS, never longer than a while.

A name is resolved once for each attempt. Every address it resolves to must be a public one, and the connection goes to
that very address, so a name that resolves to another one a moment later changes nothing. Redirects are not followed.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from service.errors import BadArgument
from service.wording import Message, say

SECONDS = 15.0
"""All of an attempt: resolving, connecting, sending, reading."""
READ_AT_MOST = 64 * 1024
LONGEST_URL = 2000
_PORTS = (443, 8443)
_ADDRESSES_TRIED = 3
_URL = re.compile(r"[\x21-\x7e]+", re.ASCII)
_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*", re.ASCII
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_INSIDE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "onion")
"""Names that are never outside, whatever they resolve to."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PLATFORM = ipaddress.IPv4Address("168.63.129.16")
"""Public by its number, but what a large cloud answers its machines under."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(name: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine's resolver gives them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class Sent:
    """How an attempt ended: the status of an answer, or why there was none."""

    status: int | None
    error: str = ""

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Sender:
    """`allow_private`: addresses inside and any port too; `allow_http`: without TLS too."""

    allow_private: bool = False
    allow_http: bool = False
    resolve: Resolve = field(default=resolve)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def check(self, url: str) -> httpx.URL:
        """An address to send to. BadArgument where nothing may be sent there, whatever it resolves to."""
        if len(url) > LONGEST_URL or _URL.fullmatch(url) is None:
            raise _refused(say("write it in ASCII, with at most {longest} characters", longest=LONGEST_URL))
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise _refused(say("it is none")) from error
        if parsed.scheme != "https" and not (self.allow_http and parsed.scheme == "http"):
            raise _refused(say("it must begin with https://"))
        if parsed.userinfo or any(mark in url for mark in "@#\\"):
            raise _refused(say("it must have no user, no fragment and no backslash; write @ as %40"))
        host = parsed.raw_host.decode()
        if not _is_host(host):
            raise _refused(say("{host!r} is no full name of a host and no address", host=host[:80]))
        if parsed.port == 0 or not (self.allow_private or parsed.port in (None, *_PORTS)):
            raise _refused(say("its port must be 443 or 8443"))
        if not self.allow_private:
            _must_be_outside(host)
        return parsed

    async def addresses(self, url: str) -> list[str]:
        """Where an address leads now; empty where its name does not resolve. BadArgument where any is not public."""
        parsed = self.check(url)
        host = parsed.raw_host.decode()
        if (literal := _address(host)) is not None:
            return [str(literal)]
        try:
            found = await self.resolve(host, parsed.port or 443)
        except OSError:
            return []
        for one in found:
            address = _address(one)
            if address is None or not (self.allow_private or public(address)):
                raise _refused(say("{host!r} resolves to an address that is not public", host=host))
        return list(found)

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        """POST the body. Whatever goes wrong is told and not raised."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._send(url, body, headers)
        except TimeoutError:
            return Sent(None, f"no whole answer within {SECONDS:.0f} s")
        except BadArgument as error:
            return Sent(None, str(error.detail))
        except (httpx.HTTPError, ssl.SSLError, OSError) as error:
            return Sent(None, f"{type(error).__name__}: {error}"[:200])

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        found = await self.addresses(url)
        if not found:
            return Sent(None, "its name does not resolve")
        # A client for each attempt: a kept connection would be shared by names with the same address.
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=SECONDS
        ) as client:
            for place, address in enumerate(found[:_ADDRESSES_TRIED], 1):
                try:
                    return await _post(client, url, address, (body, headers))
                except httpx.ConnectError:
                    if place == min(len(found), _ADDRESSES_TRIED):
                        raise
        raise AssertionError("unreachable")


async def _post(client: httpx.AsyncClient, url: str, address: str, message: tuple[bytes, Mapping[str, str]]) -> Sent:
    """To this very address, in the name that the URL has."""
    named, (body, headers) = httpx.URL(url), message
    extensions: dict[str, Any] = {"sni_hostname": named.raw_host.decode().removesuffix(".")}
    there = named.copy_with(host=address)
    request = client.build_request(
        "POST", there, content=body, headers={**headers, "Host": named.netloc.decode()}, extensions=extensions
    )
    answer = await client.send(request, stream=True)
    try:
        read = 0
        async for piece in answer.aiter_raw():
            read += len(piece)
            if read >= READ_AT_MOST:
                break
    finally:
        await answer.aclose()
    return Sent(answer.status_code)


def public(address: Address) -> bool:
    """Whether an address lies outside of every private, local and reserved range, also what it carries inside."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(one is not None for one in carried):
            return all(public(one) for one in carried if one is not None)
        if address.is_site_local:
            return False
    inside = address.is_private or address.is_loopback or address.is_link_local or address.is_unspecified
    return address.is_global and not (inside or address.is_multicast or address.is_reserved or address == _PLATFORM)


def _must_be_outside(host: str) -> None:
    literal, name = _address(host), host.removesuffix(".")
    inside = "." not in name or any(name == one or name.endswith(f".{one}") for one in _INSIDE)
    if not public(literal) if literal is not None else inside:
        raise _refused(say("{host!r} is not a public address", host=host))


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    """A name, or an address as it is written in full; short and odd ways to write one are neither."""
    if ":" in host:
        return "%" not in host and _address(host) is not None
    if _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        return _address(host) is not None
    return _NAME.fullmatch(host.removesuffix(".")) is not None


def _refused(reason: Message) -> BadArgument:
    return BadArgument("url", say("Nothing can be sent to this address: {reason}.", reason=reason))
