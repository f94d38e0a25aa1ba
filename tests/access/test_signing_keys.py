"""The keys of a provider: fetched when needed, seldom, and good for an hour when the provider is down."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, RSAKey

from service.access import signing_keys
from service.access.signing_keys import SigningKeys
from service.errors import NotAuthenticated, Unavailable
from tests.access.provider import EC, OTHER_RSA, RSA, Provider, provider


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(work: Callable[[Provider, SigningKeys, Clock], Any], *, discovered: bool = False) -> None:
    async def main() -> None:
        with provider() as issuer:
            clock = Clock()
            keys = SigningKeys(issuer.issuer, None if discovered else f"{issuer.issuer}/keys", clock)
            await work(issuer, keys, clock)

    anyio.run(main)


async def thumbprint(keys: SigningKeys, kid: str) -> str:
    return (await keys.find(kid)).thumbprint()


async def unknown(keys: SigningKeys, kid: str) -> None:
    with pytest.raises(NotAuthenticated):
        await keys.find(kid)


def test_the_address_of_the_keys_is_found_out() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        assert await thumbprint(keys, "rsa-1") == RSA.thumbprint()
        assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]

    run(work, discovered=True)


@pytest.mark.parametrize("wrong", [{"said_issuer": "https://other.example"}, {"jwks_uri": "http://keys.example/"}])
def test_a_document_of_somebody_else_leads_nowhere(wrong: dict[str, str]) -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        for name, value in wrong.items():
            setattr(issuer, name, value)
        with pytest.raises(Unavailable):
            await keys.find("rsa-1")

    run(work, discovered=True)


def test_known_keys_are_not_fetched_again_while_they_are_fresh() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        for _ in range(5):
            await keys.find("rsa-1")
            await keys.find("ec-1")
        assert len(issuer.asked) == 1
        clock.now += signing_keys.FRESH_SECONDS + 1
        await keys.find("rsa-1")
        assert len(issuer.asked) == 2

    run(work)


def test_a_flood_of_unknown_keys_asks_the_provider_every_half_minute() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        await keys.find("rsa-1")
        for place in range(600):
            clock.now += 0.1
            await unknown(keys, f"invented-{place}")
        assert len(issuer.asked) == 2, "in a minute: the first time, and once for all that came after"
        assert await thumbprint(keys, "rsa-1") == RSA.thumbprint()

    run(work)


def test_many_at_once_wait_for_one_fetch() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        async with anyio.create_task_group() as tasks:
            for kid in ("rsa-1", "ec-1") * 20:
                tasks.start_soon(thumbprint, keys, kid)
        assert len(issuer.asked) == 1

    run(work)


def test_a_new_key_is_found_when_a_token_names_it_and_an_old_one_is_gone_with_it() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        await keys.find("rsa-1")
        issuer.keys = [OTHER_RSA]
        clock.now += signing_keys.FETCH_SECONDS
        assert await thumbprint(keys, "rsa-2") == OTHER_RSA.thumbprint()
        await unknown(keys, "rsa-1")

    run(work)


def test_a_provider_that_fails_and_then_rotates() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        await keys.find("rsa-1")
        issuer.status, issuer.keys = 500, [OTHER_RSA]
        clock.now += signing_keys.FETCH_SECONDS
        await unknown(keys, "rsa-2")
        assert await thumbprint(keys, "rsa-1") == RSA.thumbprint(), "the former keys are good yet"
        issuer.status = 200
        clock.now += signing_keys.FETCH_SECONDS
        assert await thumbprint(keys, "rsa-2") == OTHER_RSA.thumbprint()

    run(work)


def test_keys_are_good_for_an_hour_while_the_provider_is_down() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        await keys.find("rsa-1")
        issuer.status = 503
        clock.now += signing_keys.STALE_SECONDS - 1
        assert await thumbprint(keys, "rsa-1") == RSA.thumbprint()
        clock.now += 2
        with pytest.raises(Unavailable):
            await keys.find("rsa-1")
        issuer.status = 200
        clock.now += signing_keys.FETCH_SECONDS
        assert await thumbprint(keys, "rsa-1") == RSA.thumbprint()

    run(work)


def test_a_provider_that_never_answered_is_our_trouble_and_not_the_callers() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        issuer.status = 302
        with pytest.raises(Unavailable):
            await keys.find("rsa-1")

    run(work)


def test_among_a_thousand_keys_the_right_one_is_read_and_no_other() -> None:
    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        issuer.keys = [{"kty": "RSA", "kid": f"k-{place}", "n": "x", "e": "AQAB"} for place in range(999)] + [EC]
        assert await thumbprint(keys, "ec-1") == EC.thumbprint()
        await unknown(keys, "k-7")

    run(work)


def test_keys_that_may_not_check_a_signature_are_passed_over() -> None:
    with pytest.warns(SecurityWarning, match="2048"):
        short = RSAKey.generate_key(1024, {"kid": "short"})

    async def work(issuer: Provider, keys: SigningKeys, clock: Clock) -> None:
        issuer.keys = [
            {**RSA.as_dict(private=False), "use": "enc"},
            {**OctKey.generate_key(256).as_dict(private=True), "kid": "shared"},
            {**EC.as_dict(private=False), "kid": 7},
            short,
            "no key",
            None,
        ]
        for kid in ("rsa-1", "shared", "7", "ec-1", "short"):
            await unknown(keys, kid)

    run(work)


@pytest.mark.parametrize("keys", ["no list", None, {"kid": "rsa-1"}])
def test_what_is_no_list_of_keys_leaves_things_as_they_are(keys: Any) -> None:
    async def work(issuer: Provider, found: SigningKeys, clock: Clock) -> None:
        issuer.document = lambda _path: {"keys": keys}  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await found.find("rsa-1")

    run(work)
