"""The envelopes as models: for the OpenAPI document and its tests, never built at run time."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from api_gateway.adapters.http.schemas.fields import Data

D = TypeVar("D")


class Detail(BaseModel):
    """One violation."""

    field: str
    issue: str


class Error(BaseModel):
    """The envelope of every error. `error` and `message` are the same text."""

    model_config = ConfigDict(extra="forbid")

    status: int
    error: str
    message: str
    code: str = Field(description="Stable and upper-case.")
    timestamp: str = Field(json_schema_extra={"format": "date-time"})
    request_id: str
    details: list[Detail] = Field(default=[], description="Only where validation failed.")


class Envelope(BaseModel, Generic[D]):
    """The envelope of every success."""

    model_config = ConfigDict(extra="forbid")

    status: int
    data: D
    message: str
    timestamp: str = Field(json_schema_extra={"format": "date-time"})


class MessageData(Data):
    """A sentence."""

    message: str


class Done(BaseModel):
    """A success that has nothing to say but that it is one."""

    model_config = ConfigDict(extra="forbid")

    status: int
    message: str
    timestamp: str = Field(json_schema_extra={"format": "date-time"})
