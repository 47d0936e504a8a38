"""Run relation-service in this process."""

from relation_service.config import Settings
from relation_service.main import running
from service_kit.config import load
from service_kit.runtime import run

if __name__ == "__main__":
    run("relation-service", running, load(Settings))
