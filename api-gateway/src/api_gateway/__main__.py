"""Run api-gateway: in this process, or as many that share its port."""

import sys
from functools import partial

from service_kit.config import load
from service_kit.runtime import run

from api_gateway.config import Settings
from api_gateway.main import NAME, running
from api_gateway.workers import supervising, worker_of

if __name__ == "__main__":
    settings = load(Settings)
    worker = worker_of(sys.argv[1:])
    if worker is None and settings.gateway.workers > 1:
        run(NAME, supervising, settings)
    run(NAME, partial(running, worker=worker), settings)
