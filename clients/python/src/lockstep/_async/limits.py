from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Union

from .._bridge import AsyncBridge, OnStop
from .._errors import LockstepError, NoAnswerError
from .._leases import concurrency
from .._request import camel_case
from .scopes import AsyncLeaseScope

if TYPE_CHECKING:
    from .. import api
    from .._request import CallOptions
    from .._typing import Unpack

PASSED_ON = ("ratelimit", "x-ratelimit", "retry-after")


@dataclass(frozen=True)
class Decision:
    allowed: bool
    # RateLimit, RateLimit-Policy and Retry-After, for the answer to the caller.
    headers: Mapping[str, str]
    # None when the service did not answer.
    decision: Optional[api.RateLimitDecision]


class AsyncLimits:
    def __init__(self, client: AsyncBridge) -> None:
        self._client = client

    async def check(
        self,
        limits: Union[api.RequestedRateLimit, Sequence[api.RequestedRateLimit]],
        *,
        fail_open: bool = True,
        mode: Optional[api.RateLimitCheckMode] = None,
        take: Optional[api.RateLimitTake] = None,
        timeout_ms: float = 500,
    ) -> Decision:
        """
        Checks one limit or several, all or nothing. When the service does not answer in time,
        allows the call, or with `fail_open=False` denies it.
        """
        all_limits = list(limits) if isinstance(limits, Sequence) else [limits]
        body: Dict[str, Any] = camel_case({"limits": all_limits, "mode": mode, "take": take})
        try:
            answer = await self._client.ask("checkRateLimits", body=body, timeout_ms=timeout_ms)
        except (LockstepError, NoAnswerError) as error:
            if isinstance(error, LockstepError) and error.status < 500:
                raise
            return Decision(fail_open, {}, None)
        headers = {
            name: value for name, value in answer.headers.items() if name.startswith(PASSED_ON)
        }
        return Decision(answer.json["allowed"], headers, answer.json)

    def lease(
        self,
        policy: str,
        key: str,
        *,
        weight: Optional[int] = None,
        on_stop: Optional[OnStop] = None,
        **options: Unpack[CallOptions],
    ) -> AsyncLeaseScope[api.ConcurrencyLeaseDecision]:
        """A concurrency lease that is kept alive; problems.ConcurrencyLimited without room."""
        target, terms = concurrency(policy, key), camel_case({"weight": weight})
        return AsyncLeaseScope(self._client, target, terms, on_stop=on_stop, options=options)
