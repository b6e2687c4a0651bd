"""Client of Lockstep: locks, cache, rate limits, leaderboards, queues and streams over HTTP."""
from . import codecs, problems
from ._async.client import AsyncClient
from ._async.scopes import AsyncHeld, AsyncSession
from ._entries import Cached
from ._errors import (
    LeaseLostError,
    LoadFailedError,
    LockstepError,
    NackError,
    NoAnswerError,
    RevokeRequestedError,
)
from ._request import Answer, CallOptions
from ._sync.client import Client
from ._sync.scopes import Held, Session

__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncHeld",
    "AsyncSession",
    "Cached",
    "CallOptions",
    "Client",
    "Held",
    "LeaseLostError",
    "LoadFailedError",
    "LockstepError",
    "NackError",
    "NoAnswerError",
    "RevokeRequestedError",
    "Session",
    "codecs",
    "problems",
]
