"""`python -m chaos`: runs it, writes report and picture, and exits with 1 for anything wrong."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from pinstack_local.errors import LocalStackError
from pinstack_local.stack import Stack

from chaos import report, timeline
from chaos.deployment import stack_settings
from chaos.run import Run
from chaos.settings import ChaosSettings, InvalidChoice

FOLDER: Final = Path(__file__).parent
REPORT: Final = FOLDER / "report.json"
PICTURE: Final = FOLDER / "timeline.svg"
DATA: Final = FOLDER / ".data"


def main() -> int:
    """0 when all is well, 1 when something is wrong or a service has crashed, 2 if it can't run."""
    try:
        settings = ChaosSettings.from_environment(os.environ)
        shutil.rmtree(DATA, ignore_errors=True)
        with Stack(stack_settings(settings, DATA), report=say) as stack:
            run = Run(settings, stack, say)
            figures = asyncio.run(run.play())
    except (InvalidChoice, LocalStackError) as error:
        say(str(error))
        return 2
    report.write(REPORT, figures)
    timeline.draw(PICTURE, run.ledger, run.machine.injuries, f"seed {settings.seed}")
    say(report.summary(figures))
    say(f"report: {os.path.relpath(REPORT)}, picture: {os.path.relpath(PICTURE)}")
    return 1 if figures["findings"] else 0


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(f"chaos: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
