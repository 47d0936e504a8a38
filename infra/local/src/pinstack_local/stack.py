"""The whole platform: infrastructure, migrations, services and gateway, started and stopped."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pinstack_local import (
    certificates,
    environment,
    lock,
    monitoring,
    private_files,
    running,
)
from pinstack_local.child import ChildProcess
from pinstack_local.component import Component, start_all, stop_all, wait_all
from pinstack_local.errors import PortsTaken
from pinstack_local.infrastructure import Infrastructure
from pinstack_local.layout import Instance, Layout
from pinstack_local.pidfiles import PidFiles
from pinstack_local.services import Migrations, ServiceProcess
from pinstack_local.settings import StackSettings

Report = Callable[[str], None]

# An outgoing connection keeps its port for 60 s after its end (Linux's TIME_WAIT).
PASSING_SECONDS = 65.0


class Stack:
    """A platform on this machine; a context manager, usable from any thread or event loop.

    `report` is told each step in words; `on_poll` is called while it waits, and may raise.
    """

    def __init__(
        self,
        settings: StackSettings,
        *,
        report: Report = lambda _: None,
        on_poll: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.layout = Layout(settings)
        self.logs = settings.data_dir.absolute() / "logs"
        self._report = report
        self._on_poll = on_poll
        self._pid_files = PidFiles(settings.data_dir.absolute() / "run")
        self._claim = ExitStack()
        self._secrets: dict[str, str] = {}
        self.infrastructure = self._infrastructure()
        self.migrations = Migrations(
            settings.services,
            self._migration_environment,
            self.logs / "migrations.log",
            root=settings.root,
            pid_files=self._pid_files,
        )
        self.services = tuple(
            self._service(instance) for instance in self.layout.instances if settings.with_services
        )

        self.monitoring = monitoring.servers(settings, self.layout, self._pid_files)

    @property
    def gateway_url(self) -> str:
        """`http://host:port` of the (first) gateway."""
        return self.gateway_urls[0]

    @property
    def gateway_urls(self) -> list[str]:
        """One URL per gateway."""
        return [
            f"http://{instance.address}"
            for instance in self.layout.instances
            if instance.spec.database is None
        ]

    @property
    def components(self) -> tuple[Component, ...]:
        """Everything that stays up, in the order of starting."""
        return (*self.infrastructure.components, *self.services, *self.monitoring)

    @property
    def processes(self) -> Mapping[str, ChildProcess]:
        """Every process by name: `postgres`, `redis`, `broker` or `kafka`, `user-service`, …"""
        found = (process for each in self.components for process in each.processes)
        return {process.name: process for process in found}

    def component(self, name: str) -> Component:
        """Return the part with that name; raises KeyError."""
        return {each.name: each for each in self.components}[name]

    def database_url(self, service: str) -> str:
        """Return the URL that the service uses; raises KeyError for one without a database."""
        variables = {
            instance.spec.name: instance.spec.database_variable
            for instance in self.layout.instances
        }
        return environment.database_urls(self.layout, self._secrets)[variables[service]]

    def addresses(self) -> dict[str, str]:
        """Return what somebody needs who starts services by hand: variables with their values."""
        return {
            "REDIS_URL": self.infrastructure.redis.url(),
            "KAFKA_BOOTSTRAP_SERVERS": self.infrastructure.broker.bootstrap_servers,
            **environment.database_urls(self.layout, self._secrets),
            **self._service_secrets(),
        }

    def start(self) -> Self:
        """Bring everything up, and return when the gateway is ready.

        Raises AlreadyRunning, PortsTaken or MissingTool before anything is started, StartFailed
        (after stopping everything) when a part does not come up.
        """
        try:
            self._claim.enter_context(lock.claimed(self.settings.data_dir))
            self._clean_up_after_crash()
            self._claim_ports()
            self._bring_up()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End everything, in reverse order, and give the data folder back."""
        gateways = [each for each in self.services if each.instance.spec.database is None]
        others = [each for each in self.services if each.instance.spec.database is not None]
        with self._claim, ExitStack() as stages:
            stages.callback(self.infrastructure.stop)
            stages.callback(stop_all, [*others, self.migrations])
            stages.callback(stop_all, gateways)
            stages.callback(stop_all, self.monitoring)

    def wait_ready(self, *names: str, timeout: float | None = None) -> None:
        """Wait until the named parts (all without names) are ready.

        Raises StartFailed for one that does not run, or is late. Whoever has killed a process
        starts it again before.
        """
        parts = [self.component(name) for name in names] or self.components
        wait_all(parts, timeout or self.settings.start_timeout, on_poll=self._on_poll)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _infrastructure(self) -> Infrastructure:
        return Infrastructure(
            self.settings.data_dir.absolute(),
            broker=self.settings.broker,
            kafka_brokers=self.settings.kafka_brokers,
            postgres_port=self.layout.postgres_port,
            redis_port=self.layout.redis_port,
            kafka_port=self.layout.kafka_port,
            durable=self.settings.durable,
        )

    def _service(self, instance: Instance) -> ServiceProcess:
        return ServiceProcess(
            instance,
            self._service_environment,
            self.logs,
            folder=self.settings.root,
            drain_seconds=self.settings.drain_seconds,
            pid_files=self._pid_files,
        )

    def _clean_up_after_crash(self) -> None:
        for name in self._pid_files.stop_leftovers():
            self._report(f"stopped {name}, which a crashed run had left behind")

    def _claim_ports(self) -> None:
        """Raise PortsTaken at once for a server, and after a minute for a mere connection."""
        deadline = time.monotonic() + PASSING_SECONDS
        told = ""
        while True:
            try:
                self._claim.enter_context(self.layout.claimed_ports())
                return
            except PortsTaken as taken:
                if not taken.passing or time.monotonic() > deadline:
                    raise
                if str(taken) != told:
                    told = str(taken)
                    self._report(f"waiting, for a minute at most: {told}")
            self._on_poll()
            time.sleep(0.2)

    def _bring_up(self) -> None:
        infrastructure = self.infrastructure
        self._secrets = self._load_secrets()
        for component in infrastructure.components:
            component.launch()
            for name in component.pending_steps():
                self._report(f"{name}, for the first start")
        self._await(infrastructure.postgres)
        databases = [spec.database for spec in self.settings.services if spec.database]
        infrastructure.ensure_databases({name: self._secrets[name] for name in databases})
        migrations = [self.migrations] if self.settings.with_services else []
        self._await(infrastructure.redis, infrastructure.broker, *migrations)
        if self.services:
            self._introduce()
        self._await(*self.services)
        self._await(*self.monitoring)

    def _introduce(self) -> None:
        """Give the services their certificates, and commands what they need to reach them."""
        settings = self.settings
        if settings.grpc_tls:
            hosts = [settings.reachable_host]
            certificates.ensure(settings.certificates, settings.certified_names, hosts)
        told = environment.peer_addresses(self.layout) | self._service_secrets()
        told |= {f"{each.name.upper()}_PORT": str(each.port) for each in self.monitoring}
        running.remember(settings.data_dir, told | self._tls(certificates.OPERATOR))
        self._claim.callback(running.forget, settings.data_dir)

    def _service_secrets(self) -> dict[str, str]:
        known = self._secrets | {name: value for name, value in os.environ.items() if value}
        return {name: known[name] for spec in self.settings.services for name in spec.secrets}

    def _tls(self, name: str) -> dict[str, str]:
        settings = self.settings
        return certificates.variables(settings.certificates, name) if settings.grpc_tls else {}

    def _await(self, *components: Component) -> None:
        timeout = self.settings.start_timeout

        def tell(ready: Component) -> None:
            self._report(f"{ready.name} is ready")

        start_all(components, timeout, tell, self._on_poll)

    def _load_secrets(self) -> dict[str, str]:
        names = [spec.database for spec in self.settings.services if spec.database]
        names += [name for spec in self.settings.services for name in spec.secrets]
        return private_files.remembered_secrets(self.settings.data_dir / "secrets.json", names)

    def _service_environment(self, instance: Instance) -> dict[str, str]:
        infrastructure = self.infrastructure
        inherited = os.environ | dict(self.settings.environment)
        return {
            **inherited,
            **environment.shared_variables(
                self.layout,
                infrastructure.redis.url(),
                infrastructure.broker.bootstrap_servers,
                inherited,
            ),
            **environment.own_variables(instance, self.layout, self._secrets, inherited),
            **environment.media_variables(self.gateway_url, self.settings.data_dir, inherited),
            **self._tls(instance.spec.name),
            **self.settings.environment,
        }

    def _migration_environment(self) -> dict[str, str]:
        return os.environ | environment.database_urls(self.layout, self._secrets)
