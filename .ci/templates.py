"""Texts in which the names and ports of a service stand as words in capitals."""

import re

from pinstack_local.catalogue import ServiceSpec


def rendered(template: str, spec: ServiceSpec, **more: str) -> str:
    """The template with one service's names and ports, and with what else the caller knows."""
    values = {
        "SERVICE": spec.name,
        "DOMAIN": spec.prefix.lower(),
        "PACKAGE": spec.command[-1],
        "PORT_VARIABLE": spec.port_variable,
        "ADMIN_VARIABLE": spec.admin_port_variable,
        "DATABASE_VARIABLE": spec.database_variable,
        "PORT": str(spec.port),
        "ADMIN": str(spec.admin_port),
        **more,
    }
    words = re.compile(rf"\b({'|'.join(values)})\b")
    return words.sub(lambda found: values[found[1]], template)
