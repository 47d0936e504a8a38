"""Run user-service in this process."""

from service_kit.config import load
from service_kit.runtime import run

from user_service.config import Settings
from user_service.main import running

if __name__ == "__main__":
    run("user-service", running, load(Settings))
