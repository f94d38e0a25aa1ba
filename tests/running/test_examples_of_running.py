"""The files in `examples/running` name settings that exist and are what their tools take, as far as parsing tells."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings

ROOT = Path(__file__).parents[2]
RUNNING = ROOT / "examples" / "running"
CHART = RUNNING / "helm" / "kontor"
_LINE = re.compile(r"^\s*\{\{-? (if|end)(?: (\.[\w.]+))? -?\}\}\s*$")
_VALUE = re.compile(r"\{\{ (\.[\w.]+) \}\}")


def _looked_up(path: str, values: dict[str, Any]) -> Any:
    found: Any = {"Values": values, "Release": {"Name": "kontor"}}
    for name in path.strip(".").split("."):
        found = found[name]
    return found


def _rendered(template: str, values: dict[str, Any]) -> str:
    """What Helm makes of values and conditions on lines of their own, which is all that the chart uses."""
    lines: list[str] = []
    shown = [True]
    for line in template.splitlines():
        word = _LINE.match(line)
        if word is None:
            if all(shown):
                lines.append(_VALUE.sub(lambda found: str(_looked_up(found[1], values)), line))
        elif word[1] == "if":
            shown.append(bool(_looked_up(word[2], values)))
        else:
            shown.pop()
    assert shown == [True]
    assert "{{" not in "\n".join(lines)
    return "\n".join(lines)


def _values() -> dict[str, Any]:
    return dict(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")))


def _objects(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for template in sorted((CHART / "templates").iterdir()):
        yield from filter(None, yaml.safe_load_all(_rendered(template.read_text(encoding="utf-8"), values)))


def test_every_setting_that_is_named_exists() -> None:
    files = [file for file in RUNNING.rglob("*") if file.is_file() and "secrets" not in file.parts]
    named = set(re.findall(r"\bKONTOR_[A-Z_]+\b", "\n".join(file.read_text(encoding="utf-8") for file in files)))
    assert "KONTOR_DATABASE_URL" in named
    settings = {f"KONTOR_{name.upper()}" for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in named} - settings == set()


def _switched(everything: bool) -> dict[str, Any]:
    values = _values()
    for name in ("ingress", "networkPolicy", "seals", "backup"):
        values[name]["enabled"] = everything
    values["webhooks"]["secret"] = "kontor-webhooks" if everything else ""
    return values


@pytest.mark.parametrize("everything", [True, False])
def test_the_chart_renders(everything: bool) -> None:
    kinds = sorted(made["kind"] for made in _objects(_switched(everything)))
    always = ["Deployment", "Job", "PodDisruptionBudget", "Service"]
    assert kinds == sorted(always + (["CronJob", "Deployment", "Ingress", "NetworkPolicy"] if everything else []))


def test_pods_are_confined_and_end_in_time() -> None:
    values = _switched(everything=True)
    jobs = [made["spec"].get("jobTemplate", made)["spec"] for made in _objects(values)]
    pods = [job["template"]["spec"] for job in jobs if "template" in job]
    assert len(pods) == 4
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["enableServiceLinks"]
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
    # Five seconds are left for what is abandoned.
    assert values["lingerSeconds"] + values["drainSeconds"] + 10 <= values["terminationGracePeriodSeconds"]


def test_the_services_of_compose_wait_for_services_that_are_there() -> None:
    compose = yaml.safe_load((RUNNING / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
    replicas = [services[name] for name in ("kontor-1", "kontor-2")]
    assert all(replica["read_only"] and replica["stop_grace_period"] == "35s" for replica in replicas)
    proxy = (RUNNING / "nginx.conf").read_text(encoding="utf-8")
    assert re.findall(r"server ([\w-]+):8000", proxy) == ["kontor-1", "kontor-2"]


def test_every_way_keeps_what_must_not_be_lost() -> None:
    compose = yaml.safe_load((RUNNING / "compose.yaml").read_text(encoding="utf-8"))
    made = {(one["kind"], one["metadata"]["name"]): one for one in _objects(_switched(everything=True))}
    units = {unit.name for unit in RUNNING.glob("kontor*")}
    assert {"seal", "backup"} <= set(compose["services"])
    assert {("Deployment", "kontor-seals"), ("CronJob", "kontor-backup")} <= set(made)
    assert {"kontor-seals.service", "kontor-backup.service", "kontor-backup.timer"} <= units
    kept = {volume.split(":")[0] for name in ("seal", "backup") for volume in compose["services"][name]["volumes"]}
    assert kept <= set(compose["volumes"])
    assert "KONTOR_WEBHOOK_SECRET_KEYS" in json.dumps(made["Deployment", "kontor"])
    assert "KONTOR_WEBHOOK_SECRET_KEYS_FILE" in compose["services"]["kontor-1"]["environment"]
