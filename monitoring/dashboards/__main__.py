"""Write the dashboards: `python -m dashboards`, or with `--check` fail where they differ."""

import json
import sys
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.events import events
from dashboards.gateway import gateway
from dashboards.live import live
from dashboards.logs_traces import logs_and_traces
from dashboards.overview import overview
from dashboards.service import SERVICES, service

FOLDER: Final = Path(__file__).resolve().parents[1] / "grafana" / "dashboards"


def boards() -> dict[str, Dashboard]:
    """Every dashboard, by the name of its file."""
    found = {
        "overview": overview(),
        "gateway": gateway(),
        "events": events(),
        "live": live(),
        "logs-traces": logs_and_traces(),
    }
    found |= {name: service(name, traits) for name, traits in SERVICES.items()}
    return {f"{name}.json": board for name, board in found.items()}


def texts() -> dict[str, str]:
    """Their files' content."""
    return {
        name: json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
        for name, board in boards().items()
    }


def main(arguments: list[str]) -> int:
    """Write them; with `--check` return 1 where a file is missing, different or left over."""
    written = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    if arguments == ["--check"]:
        stale = sorted(
            name
            for name in written.keys() | texts().keys()
            if written.get(name) != texts().get(name)
        )
        if stale:
            print(
                f"differ from monitoring/dashboards: {', '.join(stale)}; run make dashboards",
                file=sys.stderr,
            )
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in written.keys() - texts().keys():
        (FOLDER / name).unlink()
    for name, text in texts().items():
        (FOLDER / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
