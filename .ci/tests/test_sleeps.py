"""No test sleeps for luck: it waits for a condition, by `eventually` or `wait_until`."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLEEP = re.compile(r"\bsleep\((?!0\))")
# Who may sleep, since it is no waiting: it is what the test is about.
PACES = {
    "api-gateway/tests/unit/http/test_waiting.py": "how long a queue keeps a call",
    "service-kit/tests/integration/test_grpc_replicas.py": "a server that takes its time",
    "service-kit/tests/topics.py": "how often a fake delivers again",
    "system-tests/journeys/crowd.py": "how long a device stays away",
    "system-tests/journeys/test_live_failover.py": "how fast senders send",
    "system-tests/journeys/test_media_memory.py": "how often memory is looked at",
    "system-tests/journeys/test_staleness.py": "how often somebody reads what is kept",
    "system-tests/journeys/traffic.py": "how fast people ask again",
    "system-tests/rollout/paced.py": "how fast requests come",
}
# Load generators and the chaos machine are programs, not tests.
PROGRAMS = ("system-tests/load/", "system-tests/chaos/")


def test_a_sleep_in_a_test_is_a_pace() -> None:
    command = ["git", "ls-files", "*tests/*.py", "system-tests/*.py"]
    names = subprocess.check_output(command, cwd=ROOT, text=True).split()  # noqa: S603
    sleeping = {
        name
        for name in names
        if not name.startswith(PROGRAMS) and SLEEP.search((ROOT / name).read_text())
    }
    assert sleeping - {".ci/tests/test_sleeps.py"} == PACES.keys()
