"""Live delivery by the running service."""

import asyncio

import grpc
from pinstack_proto.events.v1.media_events_pb2 import MediaProcessed
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub

from tests.integration.listener import listening, send
from tests.integration.replay_world import World


async def test_each_subscription_is_acknowledged_with_where_the_inbox_stands(
    stub: NotificationServiceStub,
) -> None:
    await send(stub, 1)
    async with listening(stub) as listener:
        await listener.subscribe(1, 2)
        await listener.subscribe(1)
        told = [frame.subscribed for frame in await listener.frames(3)]
    assert [(one.user_id, one.last_seq, one.unread) for one in told] == [
        (1, 1, 1),
        (2, 0, 0),
        (1, 1, 1),
    ]


async def test_what_is_sent_arrives_whole_with_its_count_and_its_time(
    stub: NotificationServiceStub,
) -> None:
    async with listening(stub, 3) as listener:
        id_ = await send(stub, 3, b'{"a": 1}')
        (frame,) = await listener.frames(1)
    details = pb.GetNotificationDetailsRequest(notification_id=id_, caller_id=3)
    assert frame.notification.notification == await stub.GetNotificationDetails(details)
    assert frame.notification.unread == 1
    created, committed = (
        stamp.ToNanoseconds()
        for stamp in (frame.notification.notification.created_at, frame.notification.committed_at)
    )
    assert 0 <= committed - created < 5e9


async def test_parallel_sends_arrive_without_gap_and_in_order(
    stub: NotificationServiceStub,
) -> None:
    async with listening(stub, 4) as listener:
        async with asyncio.TaskGroup() as senders:
            for _ in range(40):
                senders.create_task(send(stub, 4))
        frames = await listener.frames(40)
    assert [frame.notification.notification.seq for frame in frames] == list(range(1, 41))
    assert [frame.notification.unread for frame in frames] == list(range(1, 41))


async def test_reading_and_removing_is_told_to_every_device(stub: NotificationServiceStub) -> None:
    first, second, _ = [await send(stub, 5) for _ in range(3)]
    async with listening(stub, 5) as one, listening(stub, 5) as other:
        await stub.ReadNotification(pb.ReadNotificationRequest(notification_id=first, caller_id=5))
        await stub.RemoveNotification(
            pb.RemoveNotificationRequest(notification_id=second, caller_id=5)
        )
        await stub.ReadAllUserNotifications(pb.ReadAllUserNotificationsRequest(user_id=5))
        for listener in (one, other):
            read, gone, all_read = await listener.frames(3)
            assert read.unread_changed == pb.SubscribeResponse.UnreadChanged(
                user_id=5, unread=2, read_ids=[first], unseen=2
            )
            assert gone.withdrawn == pb.SubscribeResponse.Withdrawn(
                user_id=5, notification_id=second, seq=2, unread=1
            )
            assert all_read.unread_changed == pb.SubscribeResponse.UnreadChanged(
                user_id=5, unread=0, read_up_to_seq=3
            )


async def test_a_follow_and_a_post_and_their_end_arrive(
    stub: NotificationServiceStub, world: World
) -> None:
    world.relations.followers[7] = [6]
    async with listening(stub, 6) as listener:
        await world.happens(FollowCreated(follower_id=7, followee_id=6))
        (follow,) = await listener.frames(1)
        await world.posts(70, 7, "Ahoj")
        (post,) = await listener.frames(1)
        await world.deletes_post(70, 7)
        (gone,) = await listener.frames(1)
    assert follow.notification.notification.type == "follow_created"
    assert (post.notification.notification.type, post.notification.unread) == ("post_created", 2)
    assert (gone.withdrawn.seq, gone.withdrawn.unread) == (2, 1)


async def test_an_upload_that_is_processed_is_told_to_its_owner_alone(
    stub: NotificationServiceStub, world: World
) -> None:
    async with listening(stub, 60) as owner, listening(stub, 61) as other:
        await world.happens(MediaProcessed(media_id=9, owner_id=60, state="ready"))
        await world.happens(MediaProcessed(media_id=10, owner_id=61, state="failed"))
        (ready,) = await owner.frames(1)
        (failed,) = await other.frames(1)
    media = pb.SubscribeResponse.MediaChanged
    assert ready.media == media(user_id=60, media_id=9, state="ready")
    assert failed.media == media(user_id=61, media_id=10, state="failed")


async def test_who_unsubscribes_hears_no_more_of_that_inbox(stub: NotificationServiceStub) -> None:
    async with listening(stub, 8, 9) as listener:
        await listener.unsubscribe(8)
        await listener.subscribe(10)  # once it is answered, the command before it is obeyed
        await listener.frames(1)
        await send(stub, 8)
        await send(stub, 9)
        (frame,) = await listener.frames(1)
    assert frame.notification.notification.user_id == 9


async def test_a_quiet_stream_says_that_it_lives(stub: NotificationServiceStub) -> None:
    async with listening(stub) as listener, asyncio.timeout(10):
        for _ in range(2):
            assert (await listener.any_frame()).HasField("heartbeat")


async def test_an_id_that_nobody_has_ends_the_stream(stub: NotificationServiceStub) -> None:
    async with listening(stub) as listener:
        await listener.subscribe(0)
        assert await listener.status() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_gateway_that_is_gone_is_forgotten_and_others_go_on(
    stub: NotificationServiceStub,
) -> None:
    async with listening(stub, 11) as stays:
        async with listening(stub, 11):
            pass
        await send(stub, 11)
        (frame,) = await stays.frames(1)
    assert frame.notification.notification.seq == 1
