"""Bodies that are no good: always 400 in the envelope, never a crash, never taken for another."""

import json

import pytest

from api_gateway.adapters.http.json_body import parse
from tests.unit.http.client import EdgeOfTest, served
from tests.unit.http.things import Things, things

GOOD = b'{"name":"ada"}'


async def sent(
    body: bytes, content_type: str | None = "application/json"
) -> tuple[int, dict[str, object]]:
    """The status and the envelope that a body is answered with."""
    edge = EdgeOfTest()
    headers = edge.tokens.fields(1)
    if content_type is not None:
        headers["Content-Type"] = content_type
    async with served(things(), edge) as client:
        answer = await client.post("/things", content=body, headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b"null",
        b'"text"',
        b"5",
        b"[]",
        b'{"name":"ada"} trailing',
        b'{"name":"ada",}',
        b"{'name':'ada'}",
        b'{"name":"ada","name":"bob"}',
        b'{"name":"ada","parts":[{"x":1,"x":2}]}',
        b'{"name":"ada","size":NaN}',
        b'{"name":"ada","size":Infinity}',
        b'{"name":"ada","size":-Infinity}',
        b'{"name":"ada","size":1e999}',
        b'{"name":"ada","size":' + b"9" * 5000 + b"}",
        b'{"name":"ada","size":9223372036854775808}',
        b'{"name":"ada","size":1.0}',
        b'{"name":"ada","size":"5"}',
        b'{"name":"ada","size":true}',
        b'{"name":5}',
        b'{"name":["ada"]}',
        b'{"name":"ada","parts":"x"}',
        b'{"name":"ada","parts":[5]}',
        b'{"name":"ada","parts":{"0":"x"}}',
        b'{"name":"ad\xff"}',
        b'{"name":"\xed\xa0\x80"}',
        b'{"name":"\\ud800"}',
        b'{"name":"\\udc00\\ud800"}',
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        b'{"name":"ada","x":' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"name":"ada","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name":"ada","x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b"[" * 100_000,
        b'{"name":"a\nb"}',
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_what_cannot_be_decoded_is_invalid_input(body: bytes) -> None:
    status, envelope = await sent(body)
    assert (status, envelope["code"], envelope["message"]) == (
        400,
        "INVALID_INPUT",
        "invalid input",
    )
    assert "details" not in envelope


@pytest.mark.parametrize(
    ("body", "field", "issue"),
    [
        (b"{}", "name", "is required"),
        (b'{"name":null}', "name", "is required"),
        (b'{"name":"ad"}', "name", "at least 3"),
        (b'{"name":"ada","size":0}', "size", "greater than or equal to 1"),
        (b'{"name":"a\\u0000b"}', "name", "NUL"),
        (b'{"name":"ada","parts":["a\\u0000"]}', "parts.0", "NUL"),
        (b'{"name":"ada","x\\u0000":1}', "", "NUL"),
    ],
)
async def test_what_breaks_a_rule_is_named(body: bytes, field: str, issue: str) -> None:
    status, envelope = await sent(body)
    assert (status, envelope["code"], envelope["message"]) == (
        400,
        "VALIDATION_FAILED",
        "validation failed",
    )
    details = envelope["details"]
    assert isinstance(details, list)
    assert details[0]["field"] == field
    assert issue in details[0]["issue"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"%b":[%b]}' % (b"k" * 100_000, b",".join([b'"\\u0000"'] * 1000)),
        b'{"name":[%b]}' % b",".join([b'"\\u0000"'] * 10_000),
        b'{"x":%b"\\u0000"%b}' % (b'{"kkkk":' * 60, b"}" * 60),
    ],
    ids=lambda body: repr(body[:12]),
)
async def test_a_refusal_is_no_longer_for_what_the_client_calls_its_fields(body: bytes) -> None:
    status, envelope = await sent(body)
    assert (status, envelope["code"]) == (400, "VALIDATION_FAILED")
    assert len(json.dumps(envelope)) < 8000


async def test_every_violation_is_named_at_once() -> None:
    _, envelope = await sent(b'{"name":"!","size":-1}')
    details = envelope["details"]
    assert isinstance(details, list)
    assert {one["field"] for one in details} == {"name", "size"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
async def test_another_content_type_is_invalid_input(content_type: str) -> None:
    status, envelope = await sent(GOOD, content_type)
    assert (status, envelope["code"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
        None,
    ],
)
async def test_json_is_read_under_all_its_names(content_type: str | None) -> None:
    status, _ = await sent(GOOD, content_type)
    assert status == 201


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('{"a":"\\ud83d\\ude00 \\u00e4 <b>&  "}', {"a": "😀 ä <b>&  "}),
        ('{"a":9223372036854775807,"b":-9223372036854775808}', {"a": 2**63 - 1, "b": -(2**63)}),
        ('{"a":[1.5,true,null,{"b":[]}]}', {"a": [1.5, True, None, {"b": []}]}),
        ('{"a":"\\\\u0000"}', {"a": "\\u0000"}),
        ('{"a":"\\ud83d\\ude00\\t"}', {"a": "😀\t"}),
    ],
)
def test_text_and_numbers_are_taken_exactly(body: str, value: object) -> None:
    assert parse(body.encode()) == value


async def test_a_path_id_that_is_no_integer_is_invalid_input_and_one_out_of_range_a_violation() -> (
    None
):
    edge = EdgeOfTest()
    headers = edge.tokens.fields(1)
    async with served(things(Things()), edge) as client:
        for path in ("x", "1.0", "1e3", "5_0", "%20", "٣", "5x", "0x1"):
            answer = await client.get(f"/things/{path}", headers=headers)
            assert (answer.status_code, answer.json()["message"]) == (400, "invalid input"), path
        for path in ("0", "-1", "9223372036854775808", "9" * 5000):
            answer = await client.get(f"/things/{path}", headers=headers)
            assert answer.json()["message"] == "validation failed", path
            assert answer.json()["details"][0]["field"] == "number"
        last = await client.get("/things/9223372036854775807", headers=headers)
    assert last.json()["data"]["number"] == 2**63 - 1
