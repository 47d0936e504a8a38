"""Rows of a table of requests that are refused."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Case:
    """One request and the refusal that it gets; `issues` are the fields that it names."""

    method: str
    path: str
    status: int
    message: str
    body: Any = None
    user: int | None = 1
    code: str = ""
    issues: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path[:60]} {str(self.body)[:60]}: {self.status}"


def invalid(method: str, path: str, *issues: str, body: Any = None) -> Case:
    """A request whose violations are named."""
    return Case(
        method, path, 400, "validation failed", body, code="VALIDATION_FAILED", issues=issues
    )


def undecodable(method: str, path: str, body: Any = None) -> Case:
    """A request that cannot even be decoded."""
    return Case(method, path, 400, "invalid input", body, code="INVALID_INPUT")


def assert_refused(answer: httpx.Response, case: Case) -> None:
    """The answer is the error of `case`, in the envelope."""
    content = answer.json()
    assert (answer.status_code, content["message"]) == (case.status, case.message), content
    assert (content["status"], content["error"]) == (case.status, case.message)
    if case.code:
        assert content["code"] == case.code
    assert tuple(item["field"] for item in content.get("details", ())) == case.issues
