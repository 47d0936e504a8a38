"""All resources of the API, and the document of them, which needs no running service."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

from api_gateway.adapters.http.live_document import live_paths
from api_gateway.adapters.http.openapi import document
from api_gateway.adapters.http.operations import Route, declared_by, routes_of
from api_gateway.adapters.http.routes.auth import AuthRoutes
from api_gateway.adapters.http.routes.docs import DocumentRoutes
from api_gateway.adapters.http.routes.explanations import ExplanationRoutes
from api_gateway.adapters.http.routes.health import HealthRoutes
from api_gateway.adapters.http.routes.keys import KeyRoutes
from api_gateway.adapters.http.routes.live_page import LivePageRoutes
from api_gateway.adapters.http.routes.media import MediaRoutes
from api_gateway.adapters.http.routes.media_uploads import MediaUploadRoutes
from api_gateway.adapters.http.routes.notification import NotificationRoutes
from api_gateway.adapters.http.routes.notification_marks import NotificationMarkRoutes
from api_gateway.adapters.http.routes.posts import PostRoutes
from api_gateway.adapters.http.routes.profiles import ProfileRoutes
from api_gateway.adapters.http.routes.relation import RelationRoutes
from api_gateway.adapters.http.routes.users import UserRoutes
from api_gateway.adapters.http.routes.wishes import WishRoutes

RESOURCES: Final[Mapping[type, tuple[str, str]]] = {
    AuthRoutes: ("auth", "auth-service"),
    UserRoutes: ("users", "user-service"),
    ProfileRoutes: ("users", "user-service"),
    PostRoutes: ("posts", "post-service"),
    MediaUploadRoutes: ("media", "post-service"),
    MediaRoutes: ("media", "post-service"),
    RelationRoutes: ("relations", "relation-service"),
    NotificationRoutes: ("notifications", "notification-service"),
    NotificationMarkRoutes: ("notifications", "notification-service"),
    ExplanationRoutes: ("notifications", "notification-service"),
    WishRoutes: ("notifications", "notification-service"),
    KeyRoutes: ("operations", ""),
    HealthRoutes: ("operations", ""),
    DocumentRoutes: ("operations", ""),
    LivePageRoutes: ("operations", ""),
}
"""Every class of routes, with its tag in the document and the service that does its work."""


def served(resources: Iterable[object]) -> Iterator[Route]:
    """The routes of instances of the classes above."""
    for resource in resources:
        tag, service = RESOURCES[type(resource)]
        yield from routes_of(resource, tag=tag, service=service)


def whole_document() -> dict[str, Any]:
    """The OpenAPI document of everything that the gateway serves."""
    routes = [
        route
        for kind, (tag, service) in RESOURCES.items()
        for route in declared_by(kind, tag=tag, service=service)
    ]
    return document(routes, version("pinstack-api-gateway"), live_paths())
