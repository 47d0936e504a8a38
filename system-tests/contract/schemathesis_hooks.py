"""What schemathesis needs to know of Pinstack beside its document: accounts, and what no JSON
Schema can say.
"""

import os
import secrets
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import AuthContext, Case, GenerationMode, HookContext

URL: Final = os.environ["PINSTACK_TEST_GATEWAY_URL"]
_MOST_TAGS: Final = 20
_MOST_DEEP: Final = 64
_NOTES: Final = 5

# A cursor is signed, so that only lists can give one: links do.
schemathesis.openapi.format("cursor", st.just(""))


@dataclass
class Person:
    """Somebody with an account, a post and notifications."""

    id: int
    token: str
    notifications: list[int]


PEOPLE: Final[dict[str, Person]] = {}
"""By their tokens."""


def _person(case: Case, _: AuthContext) -> str:
    """One of two people, mostly the first; the same one for the same request."""
    return "second" if _lot(case) % 4 == 0 else "first"


def _lot(case: Case) -> int:
    """A number that only depends on what is asked."""
    asked = f"{case.method} {case.path} {case.path_parameters} {case.query} {case.body}"
    return crc32(asked.encode(errors="replace"))


@schemathesis.auth(cache_by_key=_person)
class Accounts:
    """Two people with accounts; whose account or session a test has ended gets another one."""

    def get(self, _case: Case, _context: AuthContext) -> str:
        """An access token."""
        name = f"fuzz-{secrets.token_hex(6)}"
        account = {"username": name, "email": f"{name}@example.com", "password": f"{name} secret"}
        with httpx.Client(base_url=f"{URL}/api/v1", timeout=30) as client:
            made = _data(client.post("/auth/register", json=account))
            client.headers["authorization"] = f"Bearer {made['access_token']}"
            note = {"user_id": made["user"]["id"], "type": "greeting"}
            notes = [_data(client.post("/notification/send", json=note)) for _ in range(_NOTES)]
        person = Person(
            note["user_id"], made["access_token"], [one["notification_id"] for one in notes]
        )
        PEOPLE[person.token] = person
        return person.token

    def set(self, case: Case, token: str, _context: AuthContext) -> None:
        """Send the token."""
        case.headers["Authorization"] = f"Bearer {token}"


def _data(answer: httpx.Response) -> Any:
    return answer.raise_for_status().json()["data"]


@schemathesis.hook
def before_call(_context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Ask for what is one's own every other time, as hardly any generated id is."""
    person = PEOPLE.get(str(case.headers.get("Authorization", "")).removeprefix("Bearer "))
    if person is None or not _is_valid(case):
        return
    lot = _lot(case)
    if "Idempotency-Key" in case.headers and lot % 4:
        case.headers["Idempotency-Key"] = secrets.token_hex(8)
    if lot % (8 if case.method == "DELETE" else 2) == 0 and "user_id" in case.path_parameters:
        case.path_parameters["user_id"] = person.id
    if lot % 2 == 0 and "notification_id" in case.path_parameters:
        case.path_parameters["notification_id"] = person.notifications[lot % _NOTES]
    if lot % 2 == 0 and case.operation.definition.raw.get("operationId") == "updateUserByBody":
        case.body["id"] = person.id


@schemathesis.hook
def before_init_operation(_context: HookContext, operation: Any) -> None:
    """Take queries for what they are: where anything else is taken for the default or for
    nothing, it is valid.
    """
    for parameter in operation.query:
        schema = parameter.definition.get("schema", {})
        if schema.get("x-lenient"):
            parameter.definition["schema"] = {"type": "string"}
        if schema.get("x-empty-is-unset"):
            parameter.definition["schema"] = {"anyOf": [schema, {"const": ""}]}


@schemathesis.hook
def filter_case(_context: HookContext, case: Case) -> bool:
    """Leave out what is valid by its schema, but not by rules that no schema can say."""
    if not _is_valid(case):
        return True
    query = case.query or {}
    if str(query.get("created_after", "")) > str(query.get("created_before") or "9"):
        return False
    return not isinstance(case.body, dict) or _is_sound(case.body)


def _is_valid(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def _is_sound(body: dict[str, Any]) -> bool:
    tags = body.get("tags")
    if isinstance(tags, list) and len(tags) > _MOST_TAGS:
        return False
    return all(map(_fits, _values(body, 0)))


def _values(node: object, depth: int) -> Any:
    yield depth
    if isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from _values(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _values(value, depth + 1)
    else:
        yield node


def _fits(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, float):  # 1.0 is an integer to JSON Schema, and none to Pinstack
        return not value.is_integer()
    return not isinstance(value, int) or -(2**63) <= value < 2**63
