""".env.example says what the settings say."""

import re
import subprocess
import sys
from pathlib import Path

from pinstack_local.settings import StackSettings

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)


def test_the_example_environment_is_generated_from_the_settings() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "env_example.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_no_variable_stands_in_it_twice() -> None:
    names = [name for name, _ in LINE.findall((ROOT / ".env.example").read_text())]
    assert len(names) == len(set(names))


def test_what_it_says_of_the_local_stack_is_what_the_stack_does_anyway() -> None:
    told = dict(LINE.findall((ROOT / "infra" / "local" / "environment.txt").read_text()))
    assert StackSettings.from_environment(told) == StackSettings.from_environment({})
