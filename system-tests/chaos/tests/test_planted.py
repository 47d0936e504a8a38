"""A service with a planted fault starts like any other."""

import os
import subprocess
from pathlib import Path

import pytest
from pinstack_local.catalogue import SERVICES

from chaos.deployment import stack_settings
from chaos.settings import PLANTS, ChaosSettings


@pytest.mark.parametrize("plant", PLANTS)
def test_a_service_with_a_planted_fault_gets_as_far_as_its_configuration(
    plant: str, tmp_path: Path
) -> None:
    chosen = stack_settings(ChaosSettings(plant=plant), tmp_path)
    planted = [spec for spec in chosen.services if spec not in SERVICES]
    assert len(planted) == 1
    bare = {"PATH": os.environ["PATH"]}
    done = subprocess.run(  # noqa: S603 -- our own
        planted[0].command, env=bare, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "DATABASE_URL: Field required" in done.stderr) == (2, True)
