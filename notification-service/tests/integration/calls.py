"""Calls that tests make again and again."""

from typing import Any

from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub


async def send(
    stub: NotificationServiceStub, user_id: int, payload: bytes = b"", **more: Any
) -> int:
    more = {"type": "greeting", **more}
    request = pb.SendNotificationRequest(user_id=user_id, payload=payload, **more)
    answer = await stub.SendNotification(request)
    return answer.notification_id


async def details(
    stub: NotificationServiceStub, notification_id: int, caller_id: int = 0
) -> pb.NotificationResponse:
    return await stub.GetNotificationDetails(
        pb.GetNotificationDetailsRequest(notification_id=notification_id, caller_id=caller_id)
    )


async def unread(stub: NotificationServiceStub, user_id: int) -> int:
    return (await stub.GetUnreadCount(pb.GetUnreadCountRequest(user_id=user_id))).count
