"""auth-service in memory."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from service_kit.errors import AlreadyExists, NotFound, Unauthenticated

from api_gateway.domain.principal import Principal
from api_gateway.domain.session import Client, Session, TokenPair
from api_gateway.domain.user import MadeAccount, NewAccount, UserView
from tests.fakes.users import AT, InMemoryUsers


class InMemoryAccounts:
    """Passwords by user id, and live refresh tokens; profiles are made in `users`."""

    def __init__(self, users: InMemoryUsers) -> None:
        self.users = users
        self.passwords: dict[int, str] = {}
        self.live: dict[str, int] = {}
        self.clients: list[Client] = []
        self.keys: list[str] = []
        self.session_list: list[Session] = []
        self._numbers = count(101)

    async def register(self, account: NewAccount, client: Client) -> TokenPair:
        self.clients.append(client)
        made = await self.create(account, "")
        return replace(self._pair(made.user_id), registered_at=made.made_at)

    async def create(self, account: NewAccount, idempotency_key: str) -> MadeAccount:
        self.keys.append(idempotency_key)
        if await self.users.by_username(account.username):
            raise AlreadyExists("username already exists", code="USERNAME_TAKEN")
        if await self.users.by_email(account.email):
            raise AlreadyExists("email already exists", code="EMAIL_TAKEN")
        number = next(self._numbers)
        self.users.users[number] = UserView(
            number,
            account.username,
            account.email,
            AT,
            AT,
            account.full_name,
            account.bio,
            account.avatar_url,
        )
        self.passwords[number] = account.password
        return MadeAccount(number, AT)

    async def login(self, login: str, password: str, client: Client) -> TokenPair:
        self.clients.append(client)
        user = await self.users.by_username(login) or await self.users.by_email(login)
        if user is None or self.passwords.get(user.id) != password:
            raise Unauthenticated(
                "invalid credentials: wrong password or user not found",
                code="INVALID_CREDENTIALS",
            )
        return self._pair(user.id)

    async def refresh(self, refresh_token: str) -> TokenPair:
        return self._pair(self._spent(refresh_token))

    async def logout(self, refresh_token: str) -> None:
        self._spent(refresh_token)

    async def update_password(self, caller: Principal, old: str, new: str) -> None:
        if self.passwords.get(caller.user_id) != old:
            raise Unauthenticated("invalid credentials", code="INVALID_CREDENTIALS")
        self.passwords[caller.user_id] = new

    async def sessions(self, user_id: int) -> Sequence[Session]:
        return self.session_list

    async def revoke_session(self, user_id: int, session_id: str) -> None:
        kept = [session for session in self.session_list if session.id != session_id]
        if len(kept) == len(self.session_list):
            raise NotFound("session not found", code="SESSION_NOT_FOUND")
        self.session_list = kept

    def _pair(self, user_id: int) -> TokenPair:
        refresh_token = f"refresh-{next(self._numbers)}"
        self.live[refresh_token] = user_id
        return TokenPair(f"u.{user_id}.s1", refresh_token, 900, user_id)

    def _spent(self, refresh_token: str) -> int:
        if refresh_token not in self.live:
            raise Unauthenticated("invalid refresh token", code="INVALID_REFRESH_TOKEN")
        return self.live.pop(refresh_token)
