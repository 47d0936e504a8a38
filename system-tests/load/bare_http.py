"""The floor for HTTP: one FastAPI route that checks a token and answers a post, nothing else.

`python -m load.bare_http PORT`, the public key (PEM) on standard input; on the gateway's server.
"""

import sys
from typing import Annotated, Any, Final

import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException

AUDIENCE: Final = "floor"
ALGORITHM: Final = "ES256"
_POST: Final = {
    "id": 7,
    "title": "Harbour light 7",
    "content": "harbour light morning paper signal stone river north " * 5,
    "author": {"id": 7, "username": "person0007", "full_name": "Person 7"},
    "media": [],
    "tags": [{"id": 3, "name": "tag2"}],
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
}


def application(public_key: str) -> FastAPI:
    """The route; a token is verified once and remembered, as the gateway does."""
    app, remembered = FastAPI(), dict[str, dict[str, Any]]()

    def caller(authorization: Annotated[str, Header()]) -> dict[str, Any]:
        token = authorization.removeprefix("Bearer ")
        claims = remembered.get(token)
        if claims is None:
            try:
                claims = jwt.decode(token, public_key, algorithms=[ALGORITHM], audience=AUDIENCE)
            except jwt.PyJWTError:
                raise HTTPException(401) from None
            remembered[token] = claims
        return claims

    async def checked(authorization: Annotated[str, Header()]) -> dict[str, Any]:
        return caller(authorization)

    @app.get("/posts/{post_id}")
    async def post(
        post_id: int, claims: Annotated[dict[str, Any], Depends(checked)]
    ) -> dict[str, Any]:
        return {**_POST, "id": post_id, "caller": claims["sub"]}

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.stdin.read()),
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_level="warning",
    )
