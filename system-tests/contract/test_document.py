"""The committed document is the one that is served, and a break with a release is found."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from journeys.conformance import load
from journeys.people import Platform

CHECK: Final = Path(__file__).resolve().parents[2] / ".ci" / "openapi_release.py"
DOCUMENT: Final = "api-gateway/openapi.json"
ITEM: Final = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "integer"},
        "kind": {"type": "string", "enum": ["image", "video"]},
        "note": {"type": "string"},
    },
}
BODY: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
}
SMALL: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "paths": {
        "/items": {
            "get": {
                "operationId": "get",
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema": ITEM}}}
                },
            },
            "post": {
                "operationId": "make",
                "requestBody": {"content": {"application/json": {"schema": BODY}}},
                "responses": {"204": {"description": ""}},
            },
        },
        "/rest": {"get": {"operationId": "rest", "responses": {"204": {"description": ""}}}},
    },
}
Change = Callable[[dict[str, Any]], object]

needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="oasdiff is built by Go")


def answer(document: dict[str, Any]) -> dict[str, Any]:
    content = document["paths"]["/items"]["get"]["responses"]["200"]["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


def body(document: dict[str, Any]) -> dict[str, Any]:
    content = document["paths"]["/items"]["post"]["requestBody"]["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


BREAKING: Final[Mapping[str, Change]] = {
    "a path is gone": lambda it: it["paths"].pop("/rest"),
    "an operation is gone": lambda it: it["paths"]["/items"].pop("post"),
    "a field of an answer is gone": lambda it: answer(it)["properties"].pop("note"),
    "a field of an answer is no longer certain": lambda it: answer(it)["required"].remove("id"),
    "a field has another type": lambda it: answer(it)["properties"]["id"].update(type="string"),
    "a value of an enum is gone": lambda it: answer(it)["properties"]["kind"]["enum"].pop(),
    "a field of a request is required now": lambda it: body(it)["required"].append("size"),
    "a new required field of a request": lambda it: (
        body(it)["properties"].update(owner={"type": "string"}),
        body(it)["required"].append("owner"),
    ),
    "a token is needed now": lambda it: (
        it.update(components={"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}),
        it["paths"]["/rest"]["get"].update(security=[{"b": []}]),
    ),
}
HARMLESS: Final[Mapping[str, Change]] = {
    "nothing": lambda _: None,
    "a new field of an answer": lambda it: answer(it)["properties"].update(x={"type": "string"}),
    "a new optional field of a request": lambda it: body(it)["properties"].update(
        x={"type": "string"}
    ),
    "a new operation": lambda it: it["paths"].update({"/new": it["paths"]["/rest"]}),
}


def changed(change: Change) -> dict[str, Any]:
    document = deepcopy(SMALL)
    change(document)
    return document


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, str(CHECK), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def compare(folder: Path, new: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    for name, document in (("old.json", SMALL), ("new.json", new)):
        (folder / name).write_text(json.dumps(document))
    return run(folder / "old.json", folder / "new.json")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607


def release(folder: Path, document: dict[str, Any]) -> None:
    """A repository with one release, whose document this is."""
    git(folder, "init", "--quiet")
    target = folder / DOCUMENT
    target.parent.mkdir()
    target.write_text(json.dumps(document))
    git(folder, "add", DOCUMENT)
    git(folder, "commit", "--quiet", "-m", "release")
    git(folder, "tag", "v1.0.0")


async def test_the_gateway_serves_the_committed_document(platform: Platform) -> None:
    for path in ("/openapi.json", "/swagger/doc.json"):
        assert (await platform.connection().get(path)).json() == load()


@needs_go
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_found(tmp_path: Path, name: str) -> None:
    done = compare(tmp_path, changed(BREAKING[name]))
    assert done.returncode == 1, done.stdout + done.stderr


@needs_go
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_change_passes(tmp_path: Path, name: str) -> None:
    done = compare(tmp_path, changed(HARMLESS[name]))
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_release_there_is_nothing_to_break_with(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    done = run(GIT_DIR=str(tmp_path / ".git"))
    assert (done.returncode, "No tag v*" in done.stdout) == (0, True), done.stderr


@needs_go
@pytest.mark.timeout(600)
def test_the_document_is_compared_with_the_last_release(tmp_path: Path) -> None:
    richer = load()
    richer["paths"]["/api/v1/gone"] = {"get": SMALL["paths"]["/rest"]["get"]}
    release(tmp_path, richer)
    done = run(GIT_DIR=str(tmp_path / ".git"))
    assert (done.returncode, "/api/v1/gone" in done.stdout) == (1, True), done.stderr
