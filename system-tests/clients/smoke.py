"""Two people meet, through the client that is generated from the document: `smoke.py URL`."""

import secrets
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pinstack_client import AuthenticatedClient, Client
from pinstack_client.api.auth import login, register
from pinstack_client.api.notifications import get_feed, read_notification
from pinstack_client.api.posts import create_post, list_posts
from pinstack_client.api.relations import follow
from pinstack_client.models import (
    EnvelopeDoneData,
    EnvelopeFeedData,
    EnvelopeFlatPostData,
    EnvelopeMessageData,
    EnvelopePostsData,
    EnvelopeRegisteredData,
    EnvelopeTokensData,
    Error,
    FolloweeBody,
    LoginBody,
    NewPostBody,
    NotificationData,
    RegisterBody,
)
from pinstack_local.waiting import wait_until

PASSWORD: Final = "harbour at dawn"
PATIENCE_SECONDS: Final = 20


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    client: AuthenticatedClient
    id: int
    username: str


def main(url: str) -> None:
    """Register, sign in, post, list, follow, be notified, and be refused."""
    ada, bob = person(url, "ada"), person(url, "bob")
    post = create_post.sync(
        client=ada.client, body=NewPostBody(title="Harbour at dawn", tags=["sea"])
    )
    assert isinstance(post, EnvelopeFlatPostData)
    assert post.data.author_username == ada.username
    found = list_posts.sync(client=bob.client, author_id=ada.id, tag=["sea"])
    assert isinstance(found, EnvelopePostsData)
    assert [one.author.id for one in found.data.posts] == [ada.id]
    body = FolloweeBody(followee_id=ada.id)
    followed = follow.sync(client=bob.client, body=body)
    assert isinstance(followed, EnvelopeMessageData)
    assert followed.data.message == "Followed successfully"
    notification = first_notification(ada)
    assert notification.type_ == "follow_created"
    read = read_notification.sync(notification.id, client=ada.client)
    assert isinstance(read, EnvelopeDoneData)
    assert read.data.message == "Notification marked as read"
    again = follow.sync_detailed(client=bob.client, body=body)
    assert again.status_code is HTTPStatus.CONFLICT
    assert isinstance(again.parsed, Error)
    assert again.parsed.code == "ALREADY_FOLLOWING"
    print("python client: ok")


def person(url: str, name: str) -> Person:
    """A new account, signed in."""
    username = f"{name}-{secrets.token_hex(4)}"
    anybody = Client(base_url=url)
    account = RegisterBody(username=username, email=f"{username}@example.com", password=PASSWORD)
    made = register.sync(client=anybody, body=account)
    assert isinstance(made, EnvelopeRegisteredData), made
    tokens = login.sync(client=anybody, body=LoginBody(login=username, password=PASSWORD))
    assert isinstance(tokens, EnvelopeTokensData), tokens
    client = AuthenticatedClient(base_url=url, token=tokens.data.access_token)
    return Person(client, made.data.user.id, username)


def first_notification(owner: Person) -> NotificationData:
    """The first unread notification, as soon as there is one."""
    assert wait_until(lambda: bool(unread(owner)), PATIENCE_SECONDS), "nobody told of the follow"
    return unread(owner)[0]


def unread(owner: Person) -> list[NotificationData]:
    """The newest unread notifications."""
    feed = get_feed.sync(client=owner.client, unread=True)
    assert isinstance(feed, EnvelopeFeedData)
    return feed.data.notifications or []


if __name__ == "__main__":
    main(sys.argv[1])
