"""What a stranger finds on a service in production that was not meant for him: nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from service.app import create_app
from service.settings import Settings
from tests.conftest import Server

CONTRACT = ("/docs", "/openapi.json", "/openapi-3.0.json", "/swagger-2.0.json")
PAGES = (*CONTRACT, "/static-offline-docs/swagger-ui-bundle.js")
NOWHERE = ("/redoc", "/docs/oauth2-redirect", "/debug", "/debug/pprof/", "/.env", "/admin", "/metrics/", "/v1/forms/")


def test_a_service_in_production_shows_strangers_nothing(
    server_of: Callable[..., AbstractContextManager[Server]], tmp_path: Path
) -> None:
    with (
        server_of(f"sqlite:///{tmp_path}/served.db", KONTOR_SHOW_CONTRACT="false") as server,
        httpx.Client(base_url=server.url) as client,
    ):
        for path in (*PAGES, *NOWHERE):
            answer = client.get(path, headers={"Host": "evil.example"})
            assert answer.status_code == 404, path
            assert not {"location", "server"} & set(answer.headers), path
            assert "evil.example" not in answer.text, path
            assert "Traceback" not in answer.text, path
        metrics = client.get("/metrics")
        assert (metrics.status_code, "kontor_requests_total" in metrics.text) == (401, False)
        for method in ("TRACE", "DEBUG"):
            assert client.request(method, "/v1/forms").status_code in (400, 401, 405)


@pytest.mark.parametrize(("shown", "status"), [(True, 200), (False, 404)])
def test_the_contract_is_shown_unless_it_is_told_not_to(shown: bool, status: int) -> None:
    app = create_app(Settings(database_url=SecretStr("sqlite://"), show_contract=shown))
    client = TestClient(app)
    assert {client.get(path).status_code for path in PAGES} == {status}
    assert "/v1/forms" in app.openapi()["paths"]
