"""Posts: published, listed by every filter, changed, deleted."""

import asyncio
import secrets
from datetime import datetime, timedelta

from journeys.client import Answer, Client, Json
from journeys.people import Platform

PICTURE = "https://cdn.example.org/dawn.jpg"
FILM = "https://cdn.example.org/gulls.mp4"


async def ids(client: Client, **query: object) -> list[int]:
    """The posts of a list."""
    page = (await client.get("/posts/list", **query)).data
    assert page["total"] >= len(page["posts"])
    return [post["id"] for post in page["posts"]]


def later(post: Json, microseconds: int) -> str:
    """A moment beside the one at which a post was published."""
    at = datetime.fromisoformat(post["created_at"]) + timedelta(microseconds=microseconds)
    return at.isoformat().replace("+00:00", "Z")


async def test_a_post_bears_what_it_was_given(platform: Platform) -> None:
    ada = await platform.person("ada", full_name="Ada Lovelace")
    made = await ada.write(
        "  Harbour at dawn & <after> ",
        content="Nobody up\nbut the gulls. ",
        tags=["sea", "Dawn", "sea"],
        media_items=[
            {"url": PICTURE, "type": "image", "position": 2},
            {"url": FILM, "type": "video", "position": 1, "description": "gulls"},
        ],
    )
    assert (made["title"], made["content"]) == (
        "  Harbour at dawn & <after> ",
        "Nobody up\nbut the gulls. ",
    )
    assert (made["author_id"], made["author_username"]) == (ada.id, ada.username)
    assert made["author_full_name"] == "Ada Lovelace"
    assert [tag["name"] for tag in made["tags"]] == ["sea", "Dawn"]
    assert [(item["url"], item["position"]) for item in made["media"]] == [(FILM, 1), (PICTURE, 2)]
    assert made["media"][0]["description"] == "gulls"

    read = (await ada.client.get(f"/posts/{made['id']}")).data
    author = {"id": ada.id, "username": ada.username, "full_name": "Ada Lovelace"}
    same = {name: value for name, value in made.items() if not name.startswith("author_")}
    assert read == {**same, "author": author}


async def test_a_list_is_filtered_by_author_tags_and_dates(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    tag = f"t-{secrets.token_hex(4)}"
    first = await ada.write("1", tags=[tag, f"{tag}-odd"])
    second = await grace.write("2", tags=[tag])
    third = await ada.write("3", tags=[tag, f"{tag}-odd"])
    numbers = [first["id"], second["id"], third["id"]]

    assert await ids(ada.client, author_id=ada.id) == [numbers[2], numbers[0]]
    assert await ids(ada.client, tag=tag) == numbers[::-1]
    assert await ids(ada.client, tag=[tag, f"{tag}-odd"]) == [numbers[2], numbers[0]]
    assert await ids(ada.client, tag=f"{tag}-odd", author_id=grace.id) == []
    since = await ids(ada.client, tag=tag, created_after=second["created_at"])
    assert since == [numbers[2], numbers[1]]
    after = await ids(ada.client, tag=tag, created_after=later(second, 1))
    assert after == [numbers[2]]
    until = await ids(ada.client, tag=tag, created_before=later(second, -1))
    assert until == [numbers[0]]
    backwards = await ada.client.get(
        "/posts/list", created_after=later(second, 1), created_before=second["created_at"]
    )
    assert backwards.error == (400, "validation failed")


async def test_a_cursor_goes_on_where_it_was_while_others_write(platform: Platform) -> None:
    ada = await platform.person("ada")
    written = [(await ada.write(f"Part {number}"))["id"] for number in range(7)]
    cursor, seen = "", []
    while True:
        page = await ada.client.get("/posts/list", author_id=ada.id, cursor=cursor, limit=3)
        seen += [post["id"] for post in page.data["posts"]]
        cursor = page.data.get("next_cursor", "")
        if not cursor:
            break
        assert 'rel="next"' in page.headers["link"]
        await ada.write("Meanwhile")
    assert seen == written[::-1]
    assert len(await ids(ada.client, author_id=ada.id)) == 9


async def test_a_cursor_that_was_touched_is_refused(platform: Platform) -> None:
    ada = await platform.person("ada")
    for number in range(2):
        await ada.write(f"Part {number}")
    cursor = (await ada.client.get("/posts/list", limit=1)).data["next_cursor"]
    touched = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for path in ("/posts/list", "/users"):
        assert (await ada.client.get(path, cursor=touched)).error[0] == 400


async def test_pages_and_offsets_work_for_clients_that_know_nothing_else(
    platform: Platform,
) -> None:
    ada = await platform.person("ada")
    written = [(await ada.write(f"Part {number}"))["id"] for number in range(5)]
    newest = written[::-1]
    assert await ids(ada.client, author_id=ada.id, limit=2, page=2) == newest[2:4]
    assert await ids(ada.client, author_id=ada.id, limit=2, offset=3) == newest[3:]
    assert (await ada.client.get("/posts/list", limit=101)).error == (400, "invalid input")


async def test_a_change_replaces_what_it_names_and_clears_what_it_names_empty(
    platform: Platform,
) -> None:
    ada = await platform.person("ada")
    media = [{"url": PICTURE, "type": "image"}]
    post = await ada.write("Dawn", content="Gulls", tags=["sea", "dawn"], media_items=media)
    path = f"/posts/{post['id']}"

    changed = (await ada.client.put(path, {"title": "Noon"})).data
    assert (changed["title"], changed["content"]) == ("Noon", "Gulls")
    assert [tag["name"] for tag in changed["tags"]] == ["sea", "dawn"]
    assert changed["media"] == post["media"]

    changed = (await ada.client.put(path, {"tags": ["noon"], "media_items": []})).data
    assert [tag["name"] for tag in changed["tags"]] == ["noon"]
    assert (changed["media"], changed["content"]) == ([], "Gulls")

    changed = (await ada.client.put(path, {"tags": [], "content": ""})).data
    assert changed["tags"] == []
    assert "content" not in changed
    assert (await ada.client.get(path)).data == changed


async def test_nobody_changes_or_deletes_a_post_of_somebody_else(platform: Platform) -> None:
    ada, mallory = await platform.people("ada", "mallory")
    path = f"/posts/{(await ada.write('Dawn'))['id']}"
    assert (await mallory.client.put(path, {"title": "Mine"})).error == (403, "forbidden")
    assert (await mallory.client.delete(path)).error == (403, "forbidden")
    assert (await ada.client.get(path)).data["title"] == "Dawn"


async def test_a_deleted_post_is_gone_everywhere(platform: Platform) -> None:
    ada = await platform.person("ada")
    path = f"/posts/{(await ada.write('Dawn'))['id']}"
    assert (await ada.client.delete(path)).status == 200
    assert (await ada.client.get(path)).error == (404, "post not found")
    assert (await ada.client.put(path, {"title": "…"})).error == (404, "post not found")
    assert (await ada.client.delete(path)).error == (404, "post not found")
    assert await ids(ada.client, author_id=ada.id) == []


async def test_a_post_that_is_sent_again_with_its_key_is_one_post(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    elsewhere = platform.anybody(1).signed_in(ada.client)
    fields = {"idempotency-key": secrets.token_hex(8)}

    async def send(client: Client, title: str) -> Answer:
        return await client.call("POST", "/posts", {"title": title}, headers=fields)

    racing = [send(client, "Once") for client in (ada.client, elsewhere) for _ in range(3)]
    answers = await asyncio.gather(*racing)
    assert {answer.status for answer in answers} <= {201, 409}
    (made,) = {answer.data["id"] for answer in answers if answer.status == 201}

    again = await send(elsewhere, "Once")
    assert (again.status, again.data["id"]) == (201, made)
    assert again.headers["idempotent-replayed"] == "true"
    assert (await send(elsewhere, "Twice")).error[0] == 422
    async with platform.phone(grace, after_seq=0) as phone:
        await phone.notification("post_created")
    assert await ids(ada.client, author_id=ada.id) == [made]


async def test_a_change_of_what_has_changed_meanwhile_is_refused(platform: Platform) -> None:
    ada = await platform.person("ada")
    path = f"/posts/{(await ada.write('Dawn'))['id']}"
    tag = (await ada.client.get(path)).headers["etag"]
    same = await ada.client.call("GET", path, headers={"if-none-match": tag})
    assert same.status == 304
    await ada.client.put(path, {"title": "Noon"})
    stale = await ada.client.call("PUT", path, {"title": "Dusk"}, headers={"if-match": tag})
    assert stale.error[0] == 412
    assert (await ada.client.get(path)).data["title"] == "Noon"


async def test_of_many_changes_of_what_all_have_seen_one_wins(platform: Platform) -> None:
    ada = await platform.person("ada")
    post = f"/posts/{(await ada.write('Dawn'))['id']}"
    for path, field in ((post, "title"), (f"/users/{ada.id}", "bio")):
        seen = {"if-match": (await ada.client.get(path)).headers["etag"]}
        changes = [ada.client.call("PUT", path, {field: f"{n}"}, headers=seen) for n in range(8)]
        answers = await asyncio.gather(*changes)
        assert sorted(answer.status for answer in answers) == [200, *[412] * 7]
        (won,) = [answer for answer in answers if answer.status == 200]
        assert (await ada.client.get(path)).headers["etag"] == won.headers["etag"]
