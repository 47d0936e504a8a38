"""Structured logs: one JSON object a line, with the request's context and without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import orjson
import structlog
from opentelemetry import trace
from service_kit.log_repeats import RepeatFilter

_SECRET_NAMES: Final = re.compile(
    r"password|passwd|secret|token|authorization|cookie|credential|api_key|private_key|e?mail", re.I
)
_SECRET_VALUES: Final = re.compile(
    r"(?P<bearer>\bBearer\s+)\S+"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"
    r"|(?P<scheme>\b\w+://[^:/\s]+:)[^@\s]+(?=@)"
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"
)
_HIDDEN: Final = "[redacted]"
_TRACEBACKS: Final = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
"""Local variables stay out of the logs: passwords are among them."""

EventDict = MutableMapping[str, Any]


def configure(service: str, level: str = "INFO") -> None:
    """Send this process's logs, and those of its libraries, to stdout as JSON.

    Call once, from `__main__`. `service` is a field of every line.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.ExceptionRenderer(_TRACEBACKS),
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _add_service(service),
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(serializer=_serialize),
            ],
        )
    )
    output.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # the runtime tells it better


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; call it where a line is written, or in a constructor."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _serialize(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=repr).decode()


def _add_service(service: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add


def _add_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


def _redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: object) -> object:
    """`value` without what must not be seen: by the field's name, or by the shape of the text."""
    if _SECRET_NAMES.search(key):
        return _HIDDEN
    if isinstance(value, str):
        return _SECRET_VALUES.sub(_mask, value)
    if isinstance(value, dict):
        return {name: _redacted(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item) for item in value]
    return value


def _mask(match: re.Match[str]) -> str:
    return (match["bearer"] or match["scheme"] or "") + _HIDDEN
