"""The resources of the API, over their adapters."""

from collections.abc import Iterator

from api_gateway.adapters.grpc.auth import GrpcAccounts
from api_gateway.adapters.grpc.explanations import GrpcExplanations
from api_gateway.adapters.grpc.known_authors import KnownAuthors
from api_gateway.adapters.grpc.media import GrpcMedia
from api_gateway.adapters.grpc.notifications import GrpcGroups, GrpcNotifications
from api_gateway.adapters.grpc.posts import GrpcPosts
from api_gateway.adapters.grpc.relations import GrpcRelations
from api_gateway.adapters.grpc.users import GrpcUsers
from api_gateway.adapters.grpc.wishes import GrpcWishes
from api_gateway.adapters.http.body_places import BodyPlaces
from api_gateway.adapters.http.routes.auth import AuthRoutes
from api_gateway.adapters.http.routes.explanations import ExplanationRoutes
from api_gateway.adapters.http.routes.media import MediaRoutes
from api_gateway.adapters.http.routes.media_uploads import MediaUploadRoutes
from api_gateway.adapters.http.routes.notification import NotificationRoutes
from api_gateway.adapters.http.routes.notification_marks import NotificationMarkRoutes
from api_gateway.adapters.http.routes.posts import PostRoutes
from api_gateway.adapters.http.routes.profiles import ProfileRoutes
from api_gateway.adapters.http.routes.relation import RelationRoutes
from api_gateway.adapters.http.routes.users import UserRoutes
from api_gateway.adapters.http.routes.wishes import WishRoutes
from api_gateway.application.avatars import Avatars
from api_gateway.application.groups import NamedGroups
from api_gateway.application.posts import AuthoredPosts
from api_gateway.application.wishes import NamedMutes
from api_gateway.config import Settings
from api_gateway.domain.cursor import Cursors
from api_gateway.main.peers import Peers
from api_gateway.main.trust import Trust


def resources(
    settings: Settings, peers: Peers, trust: Trust, authors: KnownAuthors
) -> Iterator[object]:
    """An instance of each class of routes that needs a service."""
    gateway = settings.gateway
    cursors = Cursors(gateway.cursor_secret.get_secret_value().encode())
    users, accounts = GrpcUsers(peers.users), GrpcAccounts(peers.auth)
    yield AuthRoutes(accounts, users)
    media = GrpcMedia(peers.posts, gateway.media_timeout_seconds)
    yield UserRoutes(users, accounts, cursors, emails_are_open=gateway.compat)
    yield ProfileRoutes(users, Avatars(media), emails_are_open=gateway.compat)
    yield MediaUploadRoutes(media)
    yield MediaRoutes(media, BodyPlaces(gateway.media_timeout_seconds))
    yield PostRoutes(AuthoredPosts(GrpcPosts(peers.posts), authors), cursors)
    yield RelationRoutes(GrpcRelations(peers.relations), cursors)
    notifications = GrpcNotifications(peers.notifications)
    groups = NamedGroups(GrpcGroups(peers.notifications), users)
    yield NotificationRoutes(notifications, groups, trust.tickets, cursors)
    yield NotificationMarkRoutes(notifications)
    yield ExplanationRoutes(GrpcExplanations(peers.notifications))
    wishes = GrpcWishes(peers.notifications)
    yield WishRoutes(wishes, NamedMutes(wishes, users), cursors)
