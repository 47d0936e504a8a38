"""Run notification-service in this process."""

from service_kit.config import load
from service_kit.runtime import run

from notification_service.config import Settings
from notification_service.main import running

if __name__ == "__main__":
    run("notification-service", running, load(Settings))
