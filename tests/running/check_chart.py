"""The chart as Helm's own engine renders it, held against the schemas of Kubernetes: `make lint-running`."""

import json
import sys
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import yaml

CHART = Path(__file__).parents[2] / "examples" / "running" / "helm" / "kontor"
SWITCHES = ("ingress", "networkPolicy", "seals", "backup")
EVERYTHING: dict[str, Any] = {name: {"enabled": True} for name in SWITCHES} | {
    "webhooks": {"secret": "kontor-webhooks"}
}
NOTHING: dict[str, Any] = {name: {"enabled": False} for name in SWITCHES}


def main() -> None:
    """Ends with what the first of them says that finds something."""
    found = [one for one in helm_python.lint(CHART)["messages"] if one["error"] != "icon is recommended"]
    if found:
        raise SystemExit(json.dumps(found, indent=2))
    version = kubernetes_validate.latest_version()
    with helm_python.Chart.load(CHART) as chart:
        for values in (NOTHING, {}, EVERYTHING):
            texts = chart.render(values=values, name="kontor").values()
            objects = [one for text in texts for one in yaml.safe_load_all(text) if one]
            for one in objects:
                kubernetes_validate.validate(one, version, strict=True)
            kinds = ", ".join(sorted(one["kind"] for one in objects))
            sys.stdout.write(f"Helm {helm_python.helm_sdk_version()}, Kubernetes {version}: {kinds}\n")


if __name__ == "__main__":
    main()
