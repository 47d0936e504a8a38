"""What is secret is nowhere: not in what the processes write, nor in metrics, nor in traces."""

import secrets
from collections.abc import Iterable

import httpx
import pytest
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from journeys.client import PATIENCE_SECONDS, Answer
from journeys.collector import Collector
from journeys.people import Person, Platform
from journeys.vault import Vault

SHORTEST = 8


class Secrets:
    """What must not be seen, by a name that may."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def note(self, name: str, value: str) -> str:
        """Remember a secret; returns it."""
        assert len(value) >= SHORTEST
        self.known[name] = value
        return value

    def found(self, text: bytes) -> list[str]:
        """The names of those that are in a text."""
        return [name for name, value in self.known.items() if value.encode() in text]


async def walk(platform: Platform, vault: Vault, kept: Secrets) -> None:
    """Everything that one does with credentials, right and wrong."""
    ada = await platform.person("ada")
    kept.note("password", ada.password)
    kept.note("e-mail", ada.email)
    await _log_in(platform, ada, kept)
    await _fail_to_register(platform, ada, kept)
    await _renew(platform, vault, ada, kept)
    await _change_password(platform, ada, kept)


async def _log_in(platform: Platform, ada: Person, kept: Secrets) -> None:
    wrong = kept.note("wrong password", secrets.token_urlsafe(12))
    unknown = kept.note("unknown e-mail", f"{secrets.token_hex(6)}@nowhere.example")
    for login in (ada.email, unknown):
        body = {"login": login, "password": wrong}
        answer = await platform.anybody().post("/auth/login", body)
        assert answer.status == 401
        _silent(answer, kept)
    _keep_tokens("login", await platform.login(ada), kept)
    answer = await platform.anybody().post("/auth/login", {"login": wrong, "password": 7})
    assert answer.status == 400
    _silent(answer, kept)
    assert (await ada.client.get(f"/users/email/{ada.email}")).status == 200
    ticket = (await ada.client.post("/notification/ws-ticket")).data["ticket"]
    kept.note("ticket", ticket)


async def _fail_to_register(platform: Platform, ada: Person, kept: Secrets) -> None:
    password = kept.note("password of a refused account", secrets.token_urlsafe(12))
    other = kept.note("e-mail of a refused account", f"{secrets.token_hex(6)}@nowhere.example")
    for body in (
        {"username": f"{ada.username}-2", "email": ada.email, "password": password},
        {"username": ada.username, "email": other, "password": password},
        {"username": "!", "email": other, "password": password},
    ):
        answer = await platform.anybody().post("/auth/register", body)
        assert answer.status in (400, 409)
        assert password not in str(answer.body)


async def _renew(platform: Platform, vault: Vault, ada: Person, kept: Secrets) -> None:
    _keep_tokens("registration", ada, kept)
    tablet = await platform.login(ada)
    first = tablet.refresh_token
    body = {"refresh_token": first}
    pair = (await platform.anybody().post("/auth/refresh", body)).data
    tablet.client.token, tablet.refresh_token = pair["access_token"], pair["refresh_token"]
    _keep_tokens("successor", tablet, kept)
    kept.note("spent refresh token", first)
    await vault.let_the_grace_pass(tablet)
    _silent(await platform.anybody().post("/auth/refresh", body), kept)
    stranger = platform.anybody()
    stranger.token = kept.note("made-up token", secrets.token_urlsafe(32))
    _silent(await stranger.get("/auth/sessions"), kept)


async def _change_password(platform: Platform, ada: Person, kept: Secrets) -> None:
    new = kept.note("new password", secrets.token_urlsafe(12))
    wrong = kept.note("wrong old password", secrets.token_urlsafe(12))
    for old, status in ((wrong, 401), (ada.password, 200)):
        body = {"old_password": old, "new_password": new}
        answer = await ada.client.put("/auth/update-password", body)
        assert answer.status == status
        _silent(answer, kept)
    body = {"refresh_token": ada.refresh_token}
    assert (await platform.anybody().post("/auth/logout", body)).status == 200


def _keep_tokens(name: str, person: Person, kept: Secrets) -> None:
    """An access token is as secret as its signature; its header and claims are not."""
    assert person.client.token is not None
    kept.note(f"access token of the {name}", person.client.token.rpartition(".")[2])
    kept.note(f"refresh token of the {name}", person.refresh_token)


def _silent(answer: Answer, kept: Secrets) -> None:
    assert kept.found(str(answer.body).encode()) == []


@pytest.fixture(scope="module")
async def kept(platform: Platform, vault: Vault, stack: Stack) -> Secrets:
    """The secrets of a walk that was made, and those of the platform itself."""
    kept = Secrets()
    for name, value in stack.addresses().items():
        if name.endswith("_SECRET"):
            kept.note(name, value)
        elif name.endswith("_DATABASE_URL"):
            kept.note(name, value.split(":")[2].partition("@")[0])
    await walk(platform, vault, kept)
    return kept


def revealed(kept: Secrets, texts: Iterable[tuple[str, bytes]]) -> dict[str, list[str]]:
    """Where which secrets are seen."""
    found = {where: kept.found(text) for where, text in texts}
    return {where: names for where, names in found.items() if names}


async def test_no_process_writes_a_secret(stack: Stack, kept: Secrets) -> None:
    logs = {path.name: path.read_bytes() for path in stack.logs.glob("*.log")}
    assert b"login_failed" in logs["auth-service.log"]
    assert b"refresh_replayed" in logs["auth-service.log"]
    assert revealed(kept, logs.items()) == {}


async def test_no_metric_has_a_secret(stack: Stack, kept: Secrets) -> None:
    texts = {}
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
        for instance in stack.layout.instances:
            answer = await http.get(f"{instance.admin_url}/metrics")
            texts[instance.name] = answer.content
    assert b"logins_total" in texts["auth-service"]
    assert revealed(kept, texts.items()) == {}


async def test_no_trace_has_a_secret(collector: Collector, kept: Secrets) -> None:
    def has_logins() -> bool:
        return any(b"AuthService/Login" in each for each in collector.exported)

    await eventually(has_logins, PATIENCE_SECONDS, "spans arrive")
    spans = ((f"export {number}", each) for number, each in enumerate(collector.exported))
    assert revealed(kept, spans) == {}
