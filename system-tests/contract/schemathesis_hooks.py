"""What schemathesis needs to know of Pinstack beside its document: people with accounts, and what
no JSON Schema can say.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from zlib import crc32

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import AuthContext, Case, GenerationMode, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

URL: Final = f"{os.environ['PINSTACK_TEST_GATEWAY_URL']}/api/v1"
AnyCase: TypeAlias = Case[Any]
_MOST_TAGS: Final = 20
_NOTES: Final = 5
_SECONDS: Final = 30
_BAD_REQUEST: Final = 400
_POSITION: Final = re.compile(r"media_items\.[0-9]\.position")
_RULES: Final = (
    "CANNOT_FOLLOW_YOURSELF",
    "CANNOT_UNFOLLOW_YOURSELF",
    "CANNOT_MUTE_YOURSELF",
    "UNSUPPORTED_MEDIA",
    "MEDIA_TOO_LARGE",
)
_UNKNOWN_FIELD: Final = "x-schemathesis-unknown-property"
"""Of a header, which everybody has to ignore (RFC 9110, 5.1), whatever a schema says."""
_PASSWORDS: Final = {"password", "new_password"}
"""That one is common is for auth-service to know."""

# A cursor is signed, so that only lists can give one: links do.
schemathesis.openapi.format("cursor", st.just(""))
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a few notifications."""

    id: int
    token: str
    account: Mapping[str, str]
    notifications: list[int]

    def login(self) -> dict[str, str]:
        """What it takes to sign in."""
        return {"login": self.account["username"], "password": self.account["password"]}

    def password_change(self) -> dict[str, str]:
        """A change to the same password."""
        password = self.account["password"]
        return {"old_password": password, "new_password": password}

    def refresh_token(self) -> dict[str, str]:
        """A refresh token of a login that is made for it; some other one where no account is."""
        answer = httpx.post(f"{URL}/auth/login", json=self.login(), timeout=_SECONDS)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return {"refresh_token": secrets.token_hex(16)}
        return {"refresh_token": _data(answer)["refresh_token"]}


PEOPLE: Final[dict[str, Person]] = {}
"""By their tokens."""
CREDENTIALS: Final = {
    "login": Person.login,
    "refresh": Person.refresh_token,
    "logout": Person.refresh_token,
    "updatePassword": Person.password_change,
    "updatePasswordByPost": Person.password_change,
}
"""Bodies that nobody can guess."""


def _number(case: AnyCase) -> int:
    """A number that only depends on what is asked."""
    asked = (case.method, case.path, case.path_parameters, case.query, case.body)
    return crc32(repr(asked).encode(errors="replace"))


def _person(case: AnyCase, _: AuthContext) -> str:
    """One of two people, mostly the first; the same one for the same request."""
    return "second" if _number(case) % 4 == 0 else "first"


@schemathesis.auth(cache_by_key=_person)
class Accounts:
    """Two people with accounts; whose account or session a test has ended gets another one."""

    def get(self, _case: AnyCase, _context: AuthContext) -> str:
        """An access token."""
        name = f"fuzz-{secrets.token_hex(6)}"
        account = {"username": name, "email": f"{name}@example.com", "password": f"{name} secret"}
        with httpx.Client(base_url=URL, timeout=_SECONDS) as client:
            made = _data(client.post("/auth/register", json=account))
            client.headers["authorization"] = f"Bearer {made['access_token']}"
            note = {"user_id": made["user"]["id"], "type": "greeting"}
            notes = [_data(client.post("/notification/send", json=note)) for _ in range(_NOTES)]
        numbers = [one["notification_id"] for one in notes]
        person = Person(made["user"]["id"], made["access_token"], account, numbers)
        PEOPLE[person.token] = person
        return person.token

    def set(self, case: AnyCase, token: str, _context: AuthContext) -> None:
        """Send the token."""
        case.headers["Authorization"] = f"Bearer {token}"


def _data(answer: httpx.Response) -> Any:
    return answer.raise_for_status().json()["data"]


@schemathesis.hook
def before_call(_context: HookContext, case: AnyCase, kwargs: dict[str, Any]) -> None:
    """Ask for what is one's own every few times, as hardly anything generated is."""
    token = str(case.headers.get("Authorization", "")).removeprefix("Bearer ")
    person = PEOPLE.get(token)
    if person is None or not _is_valid(case):
        return
    number = _number(case)
    if "Idempotency-Key" in case.headers and number % 4:
        case.headers["Idempotency-Key"] = secrets.token_hex(8)
    _aim_at(person, case, number)
    operation = case.operation.definition.raw["operationId"]
    if operation in CREDENTIALS and number % 4 == 0:
        case.body = {**CREDENTIALS[operation](person)}
    elif operation == "updateUserByBody" and number % 2 and isinstance(case.body, dict):
        case.body["id"] = person.id


def _aim_at(person: Person, case: AnyCase, number: int) -> None:
    path = case.path_parameters
    if "user_id" in path and number % (8 if case.method == "DELETE" else 2) == 0:
        path["user_id"] = person.id
    if "notification_id" in path and number % 2 == 0:
        path["notification_id"] = person.notifications[number % _NOTES]


@schemathesis.hook
def before_init_operation(_context: HookContext, operation: Any) -> None:
    """Take queries for what they are: where anything else is taken for the default or for
    nothing, it is valid.
    """
    for parameter in operation.query:
        schema = parameter.definition.get("schema", {})
        if schema.get("x-lenient"):
            parameter.definition["schema"] = {"type": ["string", "integer"]}
        if schema.get("x-empty-is-unset"):
            parameter.definition["schema"] = {"anyOf": [schema, {"const": ""}]}


@schemathesis.hook
def filter_failure(
    _context: HookContext, failure: Failure, case: AnyCase, response: Response
) -> bool:
    """Keep a failure, unless it says that a request was refused which breaks no schema, and it
    breaks a rule that no schema can say. It has been sent, and answered with 400 in the envelope.
    """
    if isinstance(failure, AcceptedNegativeData) and _UNKNOWN_FIELD in case.headers:
        return False
    if not isinstance(failure, RejectedPositiveData) or response.status_code != _BAD_REQUEST:
        return True
    answer = response.json()
    fields = {detail["field"] for detail in answer.get("details", ())}
    excused = (
        answer["code"] in _RULES or (fields and fields <= _PASSWORDS) or _is_contrary(case, fields)
    )
    return not excused and _is_sound(case) and _is_period(case.query or {})


def _is_valid(case: AnyCase) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def _is_sound(case: AnyCase) -> bool:
    """Whether it holds nothing that is refused wherever it stands."""
    tags = case.body.get("tags") if isinstance(case.body, dict) else None
    if isinstance(tags, list) and len(tags) > _MOST_TAGS:
        return False
    return all(map(_fits, _values([case.body, case.query, case.path_parameters])))


def _is_contrary(case: AnyCase, fields: set[str]) -> bool:
    """Whether what was refused is fine by itself, but not together with something else."""
    query, body = case.query or {}, case.body if isinstance(case.body, dict) else {}
    if fields and fields <= {"archived", "page"}:
        return "grouped" in query
    if fields == {"types"} and isinstance(types := body.get("types"), list):
        names = [one["type"] for one in types if isinstance(one, dict)]
        return len(names) > len(set(map(str, names)))
    if fields and all(_POSITION.fullmatch(field) for field in fields):
        return len(fields) > 1  # two at the same place
    if fields == {"file"}:  # how much may come was said when the upload began
        return "Upload-Offset" in case.headers
    hours = body.get("quiet_hours")
    if fields == {"quiet_hours.end"} and isinstance(hours, dict):
        return bool(hours.get("start") == hours.get("end"))
    # That there is no such zone is for the tz database to know.
    return fields == {"quiet_hours.time_zone"} and isinstance(hours, dict)


def _is_period(query: Mapping[str, Any]) -> bool:
    """Whether a period begins before it ends."""
    after, before = query.get("created_after"), query.get("created_before")
    if not after or not before:
        return True
    return datetime.fromisoformat(str(after)) <= datetime.fromisoformat(str(before))


def _values(node: object) -> Iterator[object]:
    """Every key and every plain value."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from _values(value)
    elif isinstance(node, list):
        for value in node:
            yield from _values(value)
    else:
        yield node


def _fits(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, float):  # 1.0 is an integer to JSON Schema, and none to Pinstack
        return not value.is_integer()
    return not isinstance(value, int) or -(2**63) <= value < 2**63
