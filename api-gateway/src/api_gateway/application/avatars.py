"""What may be somebody's avatar."""

from dataclasses import dataclass

from service_kit.errors import FieldViolation, InvalidArgument

from api_gateway.application.media import Media


@dataclass(frozen=True, slots=True)
class Avatars:
    """Addresses for profiles, out of what people choose."""

    media: Media

    async def address(self, chosen: str | int, caller_id: int) -> str:
        """An address as it is, as it is never fetched; that of an upload by its id.

        Raises as `Media.get`, and InvalidArgument for what is no picture or has failed.
        """
        if isinstance(chosen, str):
            return chosen
        item = await self.media.get(chosen, caller_id)
        if item.type != "image" or item.state == "failed":
            raise InvalidArgument(violations=[FieldViolation("avatar_url", "must be a picture")])
        return item.url
