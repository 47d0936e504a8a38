"""The OpenAPI document says exactly what the gateway does: bounds, styles, links, bodies."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from api_gateway.adapters.http.catalogue import whole_document
from api_gateway.adapters.http.document_links import LINKS
from api_gateway.adapters.http.schemas.fields import MAX_ID

ERROR: Final = {"$ref": "#/components/schemas/Error"}
TOLD: Final = {("isReady", "503"), ("getHealth", "503")}
"""What names, beside the error, what is away."""


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    return whole_document()


@pytest.fixture(scope="module")
def by_id(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for item in content["paths"].values()
        for operation in item.values()
    }


def parameter(operation: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in operation["parameters"] if one["name"] == name]
    return dict(found)


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, dict | list):
            yield from objects(value)


def test_bounds_are_whole_numbers_and_exact(content: dict[str, Any]) -> None:
    bounds = {
        node[name] for node in objects(content) for name in ("minimum", "maximum") if name in node
    }
    assert all(isinstance(bound, int) for bound in bounds)
    assert max(bounds) == MAX_ID


def test_no_answer_holds_null_and_a_body_may(content: dict[str, Any]) -> None:
    schemas = content["components"]["schemas"]
    nullable = {
        name
        for name, schema in schemas.items()
        for node in objects(schema)
        if {"type": "null"} in node.get("anyOf", ())
    }
    assert {"NewUserBody", "SendBody"} <= nullable
    assert all(name.endswith("Body") for name in nullable)


def test_what_a_body_does_not_need_may_be_null(content: dict[str, Any]) -> None:
    schemas = content["components"]["schemas"]
    for name in ("NewPostBody", "PostChangeBody", "NewUserBody", "MediaBody", "MarkBody"):
        for field, schema in schemas[name]["properties"].items():
            is_required = field in schemas[name].get("required", ())
            assert ({"type": "null"} in schema.get("anyOf", ())) is not is_required, field


def test_names_of_schemas_are_fit_for_generated_clients(content: dict[str, Any]) -> None:
    assert all(name.isalnum() for name in content["components"]["schemas"])
    assert {"UserEnvelope", "UserData", "Error"} <= set(content["components"]["schemas"])


def test_a_body_that_requires_nothing_may_be_left_out(by_id: dict[str, dict[str, Any]]) -> None:
    optional = {
        id
        for id, operation in by_id.items()
        if "requestBody" in operation and not operation["requestBody"].get("required")
    }
    assert optional == {
        "updateUser",
        "updatePost",
        "readAllNotifications",
        "markSeen",
        "setPreferences",
    }


def test_ids_are_a_list_separated_by_commas(by_id: dict[str, dict[str, Any]]) -> None:
    ids = parameter(by_id["checkRelations"], "ids")
    assert (ids["style"], ids["explode"], ids["schema"]["type"]) == ("form", False, "array")
    assert (ids["required"], ids["schema"]["maxItems"]) == (True, 100)


def test_a_search_needs_a_text(by_id: dict[str, dict[str, Any]]) -> None:
    query = parameter(by_id["searchUsers"], "query")
    assert (query["required"], query["schema"]["minLength"]) == (True, 1)
    assert "default" not in query["schema"]


@pytest.mark.parametrize(
    "operation", ["listUsers", "searchUsers", "listFollowers", "listFollowees"]
)
def test_pages_that_fall_back_to_a_default_are_marked(
    by_id: dict[str, dict[str, Any]], operation: str
) -> None:
    for name in ("page", "limit"):
        assert parameter(by_id[operation], name)["schema"]["x-lenient"] is True
        assert "x-lenient" not in parameter(by_id["listPosts"], name)["schema"]


def test_filters_of_a_list_are_never_null(by_id: dict[str, dict[str, Any]]) -> None:
    for one in by_id["listPosts"]["parameters"]:
        assert "null" not in str(one["schema"]), one["name"]


def test_errors_are_json_everywhere(by_id: dict[str, dict[str, Any]]) -> None:
    for id, operation in by_id.items():
        for status, response in operation["responses"].items():
            if status == "default" or int(status) >= 400:
                assert set(response["content"]) == {"application/json"}, (id, status)
                schema = response["content"]["application/json"]["schema"]
                if (id, status) in TOLD:
                    (schema, _) = schema["anyOf"]
                assert schema == ERROR, (id, status)


def test_links_lead_from_operations_to_operations_that_take_what_they_are_given(
    by_id: dict[str, dict[str, Any]],
) -> None:
    assert set(LINKS) <= set(by_id)
    for id in LINKS:
        success = next(one for status, one in by_id[id]["responses"].items() if status < "300")
        for link in success["links"].values():
            target = by_id[link["operationId"]]
            for name in link.get("parameters", {}):
                assert parameter(target, name)
            assert not link.get("requestBody") or "requestBody" in target


def test_filters_that_an_empty_text_switches_off_are_marked(
    by_id: dict[str, dict[str, Any]],
) -> None:
    for name in ("author_id", "created_after", "created_before"):
        assert parameter(by_id["listPosts"], name)["schema"]["x-empty-is-unset"] is True
