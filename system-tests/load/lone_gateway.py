"""One gateway process between a stand-in of the services and a crowd of sockets."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jwt
import psutil
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from pinstack_local import ports

_FOLDER: Final = Path(__file__).parents[1]
_START_SECONDS: Final = 30
_KID: Final = "bench"


@dataclass
class LoneGateway:
    """The process, and what moves its inboxes."""

    port: int
    pid: int
    tokens: Sequence[str]
    _upstream: "subprocess.Popen[str]"

    def tell(self, seq: int) -> float:
        """Have every inbox get its notification `seq`; returns when, in Unix seconds."""
        assert self._upstream.stdin is not None
        assert self._upstream.stdout is not None
        self._upstream.stdin.write(f"{seq}\n")
        self._upstream.stdin.flush()
        return float(self._upstream.stdout.readline())

    def rss_kib(self) -> float:
        """Memory of the gateway."""
        kib: float = psutil.Process(self.pid).memory_info().rss / 1024
        return kib


@contextmanager
def lone_gateway(users: int) -> Iterator[LoneGateway]:
    """A gateway while the block runs, and a token for each of so many users."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.dumps(ECAlgorithm.to_jwk(key.public_key(), as_dict=True))
    with ExitStack() as stack:
        upstream = stack.enter_context(_started("load.upstream", os.environ))
        assert upstream.stdin is not None
        assert upstream.stdout is not None
        public = {"kid": _KID, "alg": "ES256", "public_key_jwk": jwk}
        upstream.stdin.write(json.dumps(public) + "\n")
        upstream.stdin.flush()
        address = f"127.0.0.1:{int(upstream.stdout.readline())}"
        port, admin_port = ports.free_ports(2)
        environment = _environment(address, port, admin_port, users)
        gateway = stack.enter_context(_started("api_gateway", environment))
        _await(f"http://127.0.0.1:{port}/.well-known/jwks.json")
        tokens = [_token(key, number) for number in range(1, users + 1)]
        yield LoneGateway(port, gateway.pid, tokens, upstream)


@contextmanager
def _started(module: str, environment: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(  # noqa: S603 -- our own modules
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if module.startswith("load.") else subprocess.DEVNULL,
        cwd=_FOLDER,
        env=dict(environment),
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _environment(upstream: str, port: int, admin_port: int, users: int) -> dict[str, str]:
    """Services that a socket does not need have an address where nobody is."""
    nobody = "127.0.0.1:1"
    return {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "GATEWAY_ADMIN_PORT": str(admin_port),
        "GATEWAY_CURSOR_SECRET": "0123456789abcdef",
        "GATEWAY_MAX_SOCKETS": str(users),
        "RATE_LIMIT_ENABLED": "false",
        "REDIS_URL": f"redis://{nobody}/0",
        "AUTH_GRPC_ADDRESS": upstream,
        "NOTIFICATION_GRPC_ADDRESS": upstream,
        "USER_GRPC_ADDRESS": nobody,
        "POST_GRPC_ADDRESS": nobody,
        "RELATION_GRPC_ADDRESS": nobody,
    }


def _token(key: ec.EllipticCurvePrivateKey, user_id: int) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://pinstack.local",
        "aud": "pinstack-api",
        "sub": str(user_id),
        "iat": now,
        "exp": now + 3600,
        "jti": f"token-{user_id}",
        "sid": f"session-{user_id}",
        "roles": ["user"],
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": _KID, "typ": "at+jwt"})


def _await(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 -- http, to ourselves
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
