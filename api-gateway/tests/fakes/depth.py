"""How deep services let a list be read by offset."""

from service_kit.errors import FieldViolation, InvalidArgument


def reachable(offset: int) -> int:
    """The offset; raises InvalidArgument where a service would."""
    if offset > 100_000:
        raise InvalidArgument(violations=[FieldViolation("offset", "must be 0 to 100000")])
    return offset
