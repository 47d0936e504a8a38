"""Run api-gateway in this process."""

from service_kit.config import load
from service_kit.runtime import run

from api_gateway.config import Settings
from api_gateway.main import NAME, running

if __name__ == "__main__":
    run(NAME, running, load(Settings))
