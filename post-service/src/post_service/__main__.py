"""Run post-service in this process."""

from service_kit.config import load
from service_kit.runtime import run

from post_service.config import Settings
from post_service.main import running

if __name__ == "__main__":
    run("post-service", running, load(Settings))
