"""From the HTTP request to the socket frame, everything is one trace."""

from typing import Final

from service_kit.testing import eventually

from monitoring.collector import Collector
from monitoring.life import Life

FOLLOW: Final = {
    ("api-gateway", "POST /api/v1/relation/follow"),
    ("api-gateway", "relation.v1.RelationService/Follow"),
    ("relation-service", "relation.v1.RelationService/Follow"),
    ("relation-service", "publish relation-events"),
    ("notification-service", "process relation-events"),
    ("api-gateway", "notification.v1.NotificationService/Subscribe deliver"),
    ("api-gateway", "websocket notification"),
}
POST: Final = {
    ("api-gateway", "POST /api/v1/posts"),
    ("post-service", "post.v1.PostService/CreatePost"),
    ("post-service", "publish post-events"),
    ("notification-service", "process post-events"),
    ("api-gateway", "websocket notification"),
}


async def traced(life: Life, path: str, body: object) -> str:
    """The trace id that the answer to a request names."""
    ada, grace = await life.person("ada"), await life.person("grace")
    if path == "/posts":
        await grace.follow(ada)
    listener, actor = (grace, ada) if path == "/posts" else (ada, grace)
    async with life.platform.phone(listener) as phone:
        filled = {"followee_id": ada.id} if body is None else body
        answer = await actor.client.post(path, filled)
        assert answer.status < 300
        frame = await phone.frame("notification")
    trace_id = answer.headers["traceparent"].split("-")[1]
    assert frame["traceparent"].split("-")[1] == trace_id
    return trace_id


async def test_a_follow_is_one_trace_from_the_request_to_the_frame(
    life: Life, collector: Collector
) -> None:
    trace_id = await traced(life, "/relation/follow", None)

    def is_whole() -> bool:
        return {(span.app, span.name) for span in collector.spans(trace_id)} >= FOLLOW

    await eventually(is_whole, 20, "all spans have come")
    statements = {span.app for span in collector.spans(trace_id) if span.name.startswith("sql ")}
    assert "relation-service" in statements


async def test_a_post_is_one_trace_through_the_fan_out(life: Life, collector: Collector) -> None:
    trace_id = await traced(life, "/posts", {"title": "A title"})

    def is_whole() -> bool:
        return {(span.app, span.name) for span in collector.spans(trace_id)} >= POST

    await eventually(is_whole, 20, "all spans have come")


async def test_a_caller_who_keeps_no_trace_gets_none_kept(life: Life, collector: Collector) -> None:
    person = await life.person("quiet")
    quiet, loud = (f"00-{digit * 32}-{digit * 16}-0{flag}" for digit, flag in (("a", 0), ("b", 1)))
    for parent in (quiet, loud):
        answer = await person.client.call("GET", "/posts/list", headers={"traceparent": parent})
        assert answer.status == 200
    await eventually(lambda: bool(collector.spans("b" * 32)), 20, "the kept trace has come")
    assert not collector.spans("a" * 32)
