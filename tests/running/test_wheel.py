"""What is installed is what is in the repository: a data file that the wheel lacks is missed by users alone."""

import subprocess
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_every_file_of_the_service_and_its_migrations() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "service", "migrations"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    packed = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert set(listed.stdout.splitlines()) - packed == set()
    assert {path.split("/")[0] for path in packed} == {"service", "migrations"}
