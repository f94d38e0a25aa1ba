"""The script that partitions lines by year, tried on lines that are there: figures and walls are as before."""

from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROLE, as_role, migrated, new_postgres_database, service_at
from tests.group import YEARS, hand_in_subsidiary, statistics

SCRIPT = (Path(__file__).parents[2] / "docs" / "lines_by_year.sql").read_text(encoding="utf-8")


def test_lines_by_year_are_the_same_lines(postgres: str, migrated_name: str) -> None:
    url = new_postgres_database(postgres, migrated_name)
    with service_at(as_role(url, ROLE)) as service:
        for code in ("DE", "FR"):
            hand_in_subsidiary(service, code, "EUR")
        told = service.get("/v1/statistics", limit=1000)["items"]
    with psycopg.connect(url, autocommit=True) as connection:
        months = set(connection.execute("SELECT * FROM bi_months").fetchall())
        connection.execute(SCRIPT)
        assert set(connection.execute("SELECT * FROM bi_months").fetchall()) == months != set()
        places = connection.execute("SELECT DISTINCT tableoid::regclass::text FROM line").fetchall()
        assert {name for (name,) in places} == {f"line_{period[:4]}" for period in YEARS}
    migrated(url)
    with service_at(as_role(url, ROLE)) as service:
        assert service.get("/v1/statistics", limit=1000)["items"] == told
        again = service.submit("statistics", statistics("DE"), subsidiary="DE")
        assert (again["unchanged"], again["added"], again["corrected"]) == (again["received"], 0, 0)
        late = {"period": "2019-02", "customer": "DE-C1", "orders": 1, "revenue": "5"}
        assert service.submit("statistics", [late], subsidiary="DE")["added"] == 1
    with psycopg.connect(as_role(url, ROLE), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM line_2025").fetchone() == (0,)
        connection.execute("SET kontor.reach = '{2}'")
        assert connection.execute("SELECT DISTINCT subsidiary_id FROM line").fetchall() == [(2,)]
        connection.execute("RESET kontor.reach")
        with pytest.raises(psycopg.DataError):
            connection.execute("SELECT count(*) FROM line")
