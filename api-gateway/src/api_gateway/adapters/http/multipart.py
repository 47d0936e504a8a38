"""The file in a form (RFC 7578), piece by piece."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from service_kit.errors import FieldViolation, InvalidArgument

from api_gateway.adapters.http.errors import InvalidInput

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_DISPOSITION: Final = b"content-disposition"


class NoFile(InvalidArgument):
    """The form has no part with the name that is asked for, or several."""

    def __init__(self, name: str) -> None:
        super().__init__(violations=[FieldViolation(name, "is required, once")])


class _Parts:
    """What the parser has found in the last chunk: the bytes of the wanted part."""

    def __init__(self, name: str) -> None:
        self._name = name.encode()
        self._field = self._value = b""
        self._is_wanted = False
        self.seen = 0
        self.is_whole = False
        self.found: list[bytes] = []

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if self._field.lower() == _DISPOSITION:
            options = parse_options_header(self._value)[1]
            self._is_wanted = options.get(b"name") == self._name
            self.seen += self._is_wanted
        self._field = self._value = b""

    def on_part_begin(self) -> None:
        self._is_wanted = False

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_wanted and self.seen == 1:
            self.found.append(data[start:end])

    def on_end(self) -> None:
        self.is_whole = True

    def take(self) -> list[bytes]:
        """What was found since the last time."""
        taken, self.found = self.found, []
        return taken


async def file_in_form(
    chunks: AsyncIterator[bytes], content_type: str | None, name: str
) -> AsyncGenerator[bytes, None]:
    """The bytes of the part `name`; its file name and type are not believed, so not read.

    Raises InvalidInput for what is no form, and InvalidArgument for one without that part.
    """
    parts = _Parts(name)
    try:
        parser = MultipartParser(_boundary(content_type), _callbacks(parts))
        async for chunk in chunks:
            parser.write(chunk)
            for piece in parts.take():
                yield piece
    except FormParserError as error:
        raise InvalidInput from error
    if not parts.is_whole:
        raise InvalidInput
    if parts.seen != 1:
        raise NoFile(name)


def _boundary(content_type: str | None) -> bytes:
    essence, options = parse_options_header(content_type or "")
    if essence != b"multipart/form-data" or not options.get(b"boundary"):
        raise InvalidInput
    return options[b"boundary"]


def _callbacks(parts: _Parts) -> "MultipartCallbacks":
    return {
        "on_header_field": parts.on_header_field,
        "on_header_value": parts.on_header_value,
        "on_header_end": parts.on_header_end,
        "on_part_begin": parts.on_part_begin,
        "on_part_data": parts.on_part_data,
        "on_end": parts.on_end,
    }
