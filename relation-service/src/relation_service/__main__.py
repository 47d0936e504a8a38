"""Run relation-service in this process."""

from service_kit.config import load
from service_kit.runtime import run

from relation_service.config import Settings
from relation_service.main import running

if __name__ == "__main__":
    run("relation-service", running, load(Settings))
