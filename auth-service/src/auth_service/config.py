"""Settings of auth-service."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from service_kit.config import (
    DatabaseUrl,
    GrpcSettings,
    KafkaSettings,
    Port,
    PostgresSettings,
    ProcessSettings,
    TelemetrySettings,
    TokenSettings,
    section,
)

from auth_service.domain.models import Lives
from auth_service.domain.throttle import Allowance, Limits


class PeerSettings(BaseSettings):
    """The services that this one calls."""

    model_config = section("")

    user_grpc_address: str = Field("127.0.0.1:50051", description="Where user-service is.")


class SessionSettings(BaseSettings):
    """How long tokens and sessions live, in seconds."""

    model_config = section("AUTH_")

    access_token_seconds: int = Field(900, ge=30, le=3600, description="Life of an access token.")
    refresh_token_seconds: float = Field(
        30 * 86400.0, gt=0, description="Life of a refresh token that is not used."
    )
    refresh_grace_seconds: float = Field(
        20.0, ge=0, description="A spent refresh token gives the same successor for so long."
    )
    session_seconds: float = Field(
        180 * 86400.0, gt=0, description="A session ends after this, however much it is used."
    )

    @property
    def lives(self) -> Lives:
        """The same as durations."""
        return Lives(
            access_token=timedelta(seconds=self.access_token_seconds),
            refresh_token=timedelta(seconds=self.refresh_token_seconds),
            grace=timedelta(seconds=self.refresh_grace_seconds),
            session=timedelta(seconds=self.session_seconds),
        )


class HashSettings(BaseSettings):
    """Argon2id (RFC 9106), not below what OWASP's password storage page asks for."""

    model_config = section("AUTH_HASH_")

    memory_kib: int = Field(19 * 1024, ge=19 * 1024, description="Memory of one hash.")
    time_cost: int = Field(2, ge=2, description="Passes over that memory.")
    parallelism: int = Field(1, ge=1, description="Lanes of one hash.")
    threads: int = Field(2, ge=1, description="Passwords hashed at once, at idle priority.")
    queue: int = Field(512, ge=0, description="Passwords that wait; more are refused at once.")
    share: float = Field(
        0.125, gt=0, le=1, description="Share of all processors that hashing takes in the long run."
    )
    saved_seconds: float = Field(
        4.0, gt=0, description="Processor time of hashing that is saved up, to be taken at once."
    )
    longest_wait_seconds: float = Field(
        10.0, gt=0, description="A password that would wait longer is refused at once."
    )


class LoginSettings(BaseSettings):
    """Wrong passwords that may be tried: so many at once, then one each so many seconds."""

    model_config = section("AUTH_LOGIN_")

    attempts: int = Field(20, ge=1, description="Per account and address.")
    attempt_seconds: float = Field(30.0, gt=0, description="Until one more, likewise.")
    address_attempts: int = Field(600, ge=1, description="Per address, whatever the account.")
    address_attempt_seconds: float = Field(2.0, gt=0, description="Until one more, likewise.")
    account_attempts: int = Field(
        200, ge=1, description="Per account from everywhere; beyond it counts as under attack."
    )
    account_attempt_seconds: float = Field(10.0, gt=0, description="Until one more, likewise.")
    attempts_under_attack: int = Field(
        5, ge=1, description="Per account and address while the account is under attack."
    )

    @property
    def limits(self) -> Limits:
        """The same as allowances."""
        return Limits(
            pair=Allowance(self.attempts, self.attempt_seconds),
            under_attack=Allowance(self.attempts_under_attack, self.attempt_seconds),
            address=Allowance(self.address_attempts, self.address_attempt_seconds),
            account=Allowance(self.account_attempts, self.account_attempt_seconds),
        )


class RateLimitSettings(BaseSettings):
    """Whether anything is limited."""

    model_config = section("RATE_LIMIT_")

    enabled: bool = Field(True, description="Off for load tests only.")


class Settings(BaseSettings):
    """Everything that differs from one deployment to the next."""

    model_config = section("AUTH_")

    grpc_port: Port = Field(50052, description="Port of auth.v1.AuthService.")
    admin_port: Port = Field(8082, description="Port of health and metrics.")
    database_url: DatabaseUrl = Field(
        description="postgresql:// address of this service's database."
    )
    key_secret: SecretStr = Field(
        min_length=16,
        description="Encrypts signing keys at rest; random, the same on every replica.",
    )
    key_lead_seconds: float = Field(
        90.0, gt=0, description="A new signing key is published for so long before it signs."
    )
    key_poll_seconds: float = Field(
        2.0, gt=0, description="How often a replica looks for new signing keys."
    )
    registration_lease_seconds: float = Field(
        15.0, gt=0, description="After this an unfinished registration counts as left behind."
    )
    recovery_seconds: float = Field(
        5.0, gt=0, description="How often registrations that were left behind are looked for."
    )
    prune_seconds: float = Field(60.0, gt=0, description="How often expired rows are deleted.")
    keep_events_days: float = Field(90.0, gt=0, description="How long audit events are kept.")

    process: ProcessSettings = Field(default_factory=ProcessSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    grpc: GrpcSettings = Field(default_factory=GrpcSettings)
    peers: PeerSettings = Field(default_factory=PeerSettings)
    tokens: TokenSettings = Field(default_factory=TokenSettings)
    sessions: SessionSettings = Field(default_factory=SessionSettings)
    hashing: HashSettings = Field(default_factory=HashSettings)
    login: LoginSettings = Field(default_factory=LoginSettings)
    rate_limit: RateLimitSettings = Field(default_factory=RateLimitSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
