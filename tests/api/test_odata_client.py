"""What a client of OData that we did not write makes of the metadata and of every entity set."""

import json
import subprocess
import sys

import httpx

from tests.conftest import Server, Service
from tests.group import hand_in_group

READ = """
import json, sys
import requests
from odata import ODataService

session = requests.Session()
session.auth = ("anybody", sys.argv[2])
service = ODataService(sys.argv[1], session=session, reflect_entities=True, quiet_progress=True)
read = {}
for name, kind in service.entities.items():
    rows = list(service.query(kind))
    read[name] = [len(rows), str(sum(getattr(row, "revenue", None) or 0 for row in rows))]
Lines = service.entities["Statistics"]
asked = service.query(Lines).filter(Lines.revenue > 300).filter(Lines.customer.startswith("DE"))
top = asked.order_by(Lines.revenue.desc()).limit(7)
print(json.dumps([read, [str(line.revenue) for line in top]]))
"""


def test_python_odata_reads_the_metadata_and_every_set_to_its_end(server: Server) -> None:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, timeout=60) as client:
        service = Service(client, None, None, None)  # type: ignore[arg-type]
        hand_in_group(service)
        service.submit("statistics", [{"period": "2026-01", "customer": "DE-C1", "revenue": "90.5"}], subsidiary="DE")
        run = [sys.executable, "-W", "error", "-c", READ, f"{server.url}/odata/v1/", server.key]
        made = subprocess.run(run, check=True, capture_output=True, text=True, timeout=240)
        read, top = json.loads(made.stdout.splitlines()[-1])
        names = [one["name"] for one in client.get("/odata/v1/").json()["value"]]
        counts = {name: int(client.get(f"/odata/v1/{name}/$count").text) for name in names}
        assert {name: count for name, (count, _) in read.items()} == counts
        assert min(counts.values()) > 0
        kpis = service.get("/v1/kpis", indicators="revenue", **{"from": "2024-01", "to": "2026-01"})
        assert float(read["Statistics"][1]) == float(kpis["items"][0]["value"])
        assert top == ["600.25"] * 7
