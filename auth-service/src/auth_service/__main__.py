"""Run auth-service in this process."""

from service_kit.config import load
from service_kit.runtime import run

from auth_service.config import Settings
from auth_service.main import running

if __name__ == "__main__":
    run("auth-service", running, load(Settings))
