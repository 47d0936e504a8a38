"""Profiles: read, listed, searched, changed; and who sees an e-mail address."""

import secrets
from functools import partial
from typing import Final

from service_kit.testing import eventually

from journeys.client import Client
from journeys.people import Platform

HOT_SECONDS: Final = 1.0
"""For less than this a gateway may answer others from before a change."""


async def test_a_profile_is_found_by_id_name_and_address(platform: Platform) -> None:
    picture = "https://cdn.example.org/ada.png"
    ada = await platform.person("Ada", full_name="Ada Lovelace", bio="", avatar_url=picture)
    found = (await ada.client.get(f"/users/{ada.id}")).data
    assert (found["username"], found["email"]) == (ada.username, ada.email)
    assert (found["full_name"], found["avatar_url"]) == ("Ada Lovelace", picture)
    for path in (
        f"/users/username/{ada.username.lower()}",
        f"/users/email/{ada.email.upper()}",
    ):
        assert (await ada.client.get(path)).data == found
    for path in ("/users/4611686018427387904", "/users/username/nobody-at-all"):
        assert (await ada.client.get(path)).error == (404, "user not found")


async def test_only_the_owner_sees_an_address(platform: Platform) -> None:
    ada, grace = await platform.people("ada", "grace")
    for path in (
        f"/users/{ada.id}",
        f"/users/username/{ada.username}",
        f"/users/email/{ada.email}",
    ):
        seen = (await grace.client.get(path)).data
        assert seen["id"] == ada.id
        assert "email" not in seen
    listed = (await grace.client.get("/users/search", query=ada.username)).data["users"]
    assert [user["id"] for user in listed] == [ada.id]
    assert "email" not in listed[0]


async def test_the_list_of_users_reaches_everybody_once(platform: Platform) -> None:
    people = await platform.people(*["person"] * 10)
    client, cursor, seen = people[0].client, "", []
    while True:
        page = (await client.get("/users", cursor=cursor, limit=9)).data
        seen += [user["id"] for user in page["users"]]
        cursor = page.get("next_cursor", "")
        if not cursor:
            break
        assert len(page["users"]) == 9
    assert seen == sorted(set(seen))
    assert {person.id for person in people} <= set(seen)


async def test_a_search_takes_every_character_for_what_it_is(platform: Platform) -> None:
    mark = secrets.token_hex(3)
    for name in (f"100% {mark}", f"under_score {mark}", f"UPPER {mark}", f"back\\slash {mark}"):
        await platform.person("person", full_name=name)
    ada = await platform.person("ada")

    async def found(query: str) -> list[str]:
        page = (await ada.client.get("/users/search", query=query)).data
        assert page["total"] == len(page["users"])
        return [user["full_name"] for user in page["users"]]

    assert await found(f"0% {mark}") == [f"100% {mark}"]
    assert await found(f"r_s% {mark}") == []
    assert await found(f"r_score {mark}") == [f"under_score {mark}"]
    assert await found(f"upper {mark.upper()}") == [f"UPPER {mark}"]
    assert await found(f"k\\slash {mark}") == [f"back\\slash {mark}"]
    assert len(await found(mark)) == 4


async def test_a_search_goes_page_by_page_in_the_order_of_ids(platform: Platform) -> None:
    mark = secrets.token_hex(4)
    people = await platform.people(*[f"p{mark}"] * 5)
    client, seen = people[0].client, []
    for page in (1, 2, 3):
        found = (await client.get("/users/search", query=mark, page=page, limit=2)).data
        assert (found["total"], found["page"], found["limit"]) == (5, page, 2)
        seen += [user["id"] for user in found["users"]]
    assert seen == sorted(person.id for person in people)
    nothing = await client.get("/users/search", query="")
    assert nothing.error == (400, "invalid search query")


async def test_a_change_touches_only_what_it_names(platform: Platform) -> None:
    ada = await platform.person("ada", full_name="Ada Lovelace", bio="Notes")
    changed = (await ada.client.put(f"/users/{ada.id}", {"full_name": "Ada King"})).data
    assert (changed["full_name"], changed["bio"]) == ("Ada King", "Notes")
    assert (changed["username"], changed["email"]) == (ada.username, ada.email)
    changed = (await ada.client.put("/users", {"id": ada.id, "bio": "  <b>kept</b> "})).data
    assert (changed["full_name"], changed["bio"]) == ("Ada King", "  <b>kept</b> ")
    assert (await ada.client.get(f"/users/{ada.id}")).data == changed


async def test_nobody_changes_or_deletes_somebody_else(platform: Platform) -> None:
    ada, mallory = await platform.people("ada", "mallory")
    answer = await mallory.client.put(f"/users/{ada.id}", {"bio": "…"})
    assert answer.error == (403, "forbidden")
    assert (await mallory.client.delete(f"/users/{ada.id}")).error == (403, "forbidden")
    taken = await mallory.client.put(f"/users/{mallory.id}", {"username": ada.username.upper()})
    assert taken.error == (409, "username already exists")
    taken = await mallory.client.put(f"/users/{mallory.id}", {"email": ada.email.upper()})
    assert taken.error == (409, "email already exists")


async def test_a_new_name_and_picture_are_seen_wherever_the_old_ones_were(
    platform: Platform,
) -> None:
    ada, grace = await platform.people("ada", "grace")
    await ada.follow(grace)
    post = await ada.write("Notes on the engine")
    path = f"/posts/{post['id']}"
    assert (await grace.client.get(path)).data["author"]["username"] == ada.username

    name, picture = f"{ada.username}-2", "https://cdn.example.org/king.png"
    await ada.client.put(f"/users/{ada.id}", {"username": name})
    await ada.client.put("/users/avatar", {"avatar_url": picture})

    async def shown(reader: Client) -> bool:
        author = (await reader.get(path)).data["author"]
        (listed,) = (await reader.get("/posts/list", author_id=ada.id)).data["posts"]
        (follower,) = (await reader.get(f"/relation/{grace.id}/followers")).data["followers"]
        now = {"id": ada.id, "username": name, "avatar_url": picture}
        return bool(author == listed["author"] == follower == now)

    for number in range(2):
        assert await shown(platform.anybody(number).signed_in(ada.client))
        reader = platform.anybody(number).signed_in(grace.client)
        await eventually(partial(shown, reader), HOT_SECONDS)
    login = {"login": name, "password": ada.password}
    assert (await platform.anybody().post("/auth/login", login)).status == 200


async def test_an_account_can_be_made_for_somebody_else(platform: Platform) -> None:
    ada = await platform.person("ada")
    name = f"{ada.username}-2"
    account = {"username": name, "email": f"2-{ada.email}", "password": "analytical engine"}
    made = await ada.client.post("/users", account)
    assert made.status == 201
    assert (made.data["username"], made.data["email"]) == (name, account["email"])
    login = {"login": name, "password": account["password"]}
    assert (await platform.anybody().post("/auth/login", login)).status == 200
