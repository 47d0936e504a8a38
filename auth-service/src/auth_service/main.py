"""Composition root of auth-service: the one module that knows every adapter."""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

from pinstack_proto import topics
from pinstack_proto.auth.v1 import auth_pb2, auth_pb2_grpc
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit import inbox
from service_kit.database import Database, open_database
from service_kit.events import Consumer
from service_kit.grpc_client import open_channel
from service_kit.grpc_server import serve
from service_kit.health import Health, serve_admin
from service_kit.periodic import every
from service_kit.runtime import Background, Running, background

from auth_service.adapters.argon2 import Argon2Passwords, Pool, argon2_passwords
from auth_service.adapters.common_passwords import common_passwords
from auth_service.adapters.event_consumer import USER_DELETED, UserEvents
from auth_service.adapters.grpc_servicer import AuthServicer
from auth_service.adapters.key_ring import KeyRing, SealedKeys, derived_key
from auth_service.adapters.postgres.accounts import PostgresCredentials
from auth_service.adapters.postgres.guesses import PostgresGuesses
from auth_service.adapters.postgres.keys import PostgresSigningKeys
from auth_service.adapters.postgres.leftovers import PostgresLeftovers
from auth_service.adapters.postgres.registrations import PostgresRegistrations
from auth_service.adapters.postgres.revocations import PostgresRevocations
from auth_service.adapters.postgres.sessions import PostgresSessions
from auth_service.adapters.postgres.units import PostgresUnits
from auth_service.adapters.user_client import GrpcUsers
from auth_service.application.ports import Passwords, Users
from auth_service.application.registration import Registering
from auth_service.application.revocation_feed import RevocationFeed
from auth_service.application.signing_keys import KeySet
from auth_service.application.throttling import Throttle
from auth_service.application.tokens import Tokens
from auth_service.application.use_cases import Accounts, Logins, SignedIn
from auth_service.config import HashSettings, Settings
from auth_service.domain.refresh_tokens import RefreshTokens
from auth_service.domain.rules import PasswordRules

NAME = "auth-service"
SERVICE = auth_pb2.DESCRIPTOR.services_by_name["AuthService"].full_name
USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """The whole service while the block runs; what is entered last ends first."""
    host, url = settings.process.bind_host, settings.database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        health = Health(NAME)
        admin = await enter(serve_admin(host, settings.admin_port, health))
        database = await enter(open_database(url, settings.postgres, NAME))
        health.require("postgres", database.ping)
        channel = await enter(open_channel(settings.peers.user_grpc_address, USERS, settings.grpc))
        passwords = stack.enter_context(_passwords(settings.hashing))
        tasks = await enter(background())
        ring = await _key_ring(settings, database)
        revocations = PostgresRevocations(database, url)
        users = GrpcUsers(UserServiceStub(channel))
        tokens = Tokens(ring, _refresh_tokens(settings), settings.sessions.lives)
        registering = _registering(settings, database, users, passwords, tokens)
        servicer = AuthServicer(
            registering,
            _logins(settings, database, users, passwords, tokens),
            SignedIn(PostgresSessions(database), PostgresUnits(database), tokens),
            key_set(settings, database),
            RevocationFeed(revocations, settings.sessions.lives.access_token, time.monotonic),
        )
        tasks.start(revocations.listen(), "revocations")
        tasks.start(every(settings.key_poll_seconds, ring.refresh, "key ring"), "key ring")
        _recover(settings, registering, tasks)
        _prune(settings, database, tasks)
        _consume(settings, database, tasks, health)
        server = await enter(
            serve(
                (host, settings.grpc_port),
                lambda server: auth_pb2_grpc.add_AuthServiceServicer_to_server(servicer, server),
                [SERVICE],
                settings.grpc,
                settings.process.drain_seconds,
            )
        )
        stack.callback(revocations.close)
        yield Running(server.port, admin.port, health, tasks)


def key_set(settings: Settings, database: Database) -> KeySet:
    """The use cases of signing keys over a database."""
    sealed = SealedKeys(settings.key_secret.get_secret_value())
    return KeySet(PostgresSigningKeys(database), PostgresUnits(database), sealed, _now)


def _now() -> datetime:
    return datetime.now(UTC)


def _passwords(hashing: HashSettings) -> AbstractContextManager[Argon2Passwords]:
    pool = Pool(
        threads=hashing.threads,
        queue=hashing.queue,
        share=hashing.share,
        saved_seconds=hashing.saved_seconds,
        longest_wait=hashing.longest_wait_seconds,
    )
    return argon2_passwords(hashing.memory_kib, hashing.time_cost, hashing.parallelism, pool)


def _refresh_tokens(settings: Settings) -> RefreshTokens:
    secret = settings.key_secret.get_secret_value()
    return RefreshTokens(derived_key(secret, "successors of refresh tokens"))


async def _key_ring(settings: Settings, database: Database) -> KeyRing:
    """The ring with at least one key in it."""
    await key_set(settings, database).ensure()
    ring = KeyRing(
        PostgresSigningKeys(database),
        SealedKeys(settings.key_secret.get_secret_value()),
        settings.tokens,
        settings.sessions.access_token_seconds,
        _now,
    )
    await ring.refresh()
    return ring


def _registering(
    settings: Settings, database: Database, users: Users, passwords: Passwords, tokens: Tokens
) -> Registering:
    lease = timedelta(seconds=settings.registration_lease_seconds)
    return Registering(
        users=users,
        passwords=passwords,
        registrations=PostgresRegistrations(database, lease),
        units=PostgresUnits(database),
        tokens=tokens,
        rules=PasswordRules(common_passwords),
    )


def _logins(
    settings: Settings, database: Database, users: Users, passwords: Passwords, tokens: Tokens
) -> Logins:
    units = PostgresUnits(database)
    limits = settings.login.limits if settings.rate_limit.enabled else None
    return Logins(
        users=users,
        passwords=passwords,
        credentials=PostgresCredentials(database),
        units=units,
        throttle=Throttle(PostgresGuesses(database), units, limits),
        tokens=tokens,
        rules=PasswordRules(common_passwords),
    )


def _recover(settings: Settings, registering: Registering, tasks: Background) -> None:
    work = every(settings.recovery_seconds, registering.recover, "registrations left behind")
    tasks.start(work, "registrations")


def _prune(settings: Settings, database: Database, tasks: Background) -> None:
    leftovers = PostgresLeftovers(
        database,
        timedelta(days=settings.keep_events_days),
        inbox.kept(settings.kafka.topic_kept),
    )
    tasks.start(every(settings.prune_seconds, leftovers.prune, "pruning"), "pruning")


def _consume(settings: Settings, database: Database, tasks: Background, health: Health) -> None:
    kafka = settings.kafka
    consumer = Consumer(
        kafka.bootstrap_servers,
        NAME,
        [topics.USER_EVENTS],
        UserEvents(Accounts(PostgresUnits(database))).handle,
        types=[USER_DELETED],
        partitions=kafka.topic_partitions,
        replication=kafka.topic_replication,
        kept=kafka.topic_kept,
        prompt=False,
    )
    health.observe("kafka", consumer.check)
    tasks.start(consumer.run(), "event consumer")
