from __future__ import annotations

from typing import Any, Mapping, Optional


class LockstepError(Exception):
    """The service refused the call. `lockstep.problems` has a class for each code."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem.get('detail')}")
        self.problem = problem

    @property
    def code(self) -> str:
        return str(self.problem["code"])

    @property
    def status(self) -> int:
        return int(self.problem["status"])

    @property
    def retry_after_ms(self) -> float:
        return float(self.problem.get("retryAfterMs", 0))


class NoAnswerError(Exception):
    """No answer came, or one that is not of the service: the call may have been applied."""


class LeaseLostError(Exception):
    """
    The lease has ended, or may end before this process can know. `reason` is the answer of the
    service, if that is how the loss was noticed.
    """

    def __init__(self, why: str, reason: Optional[BaseException] = None) -> None:
        super().__init__(why)
        self.reason = self.__cause__ = reason

    def after(self, error: BaseException) -> LeaseLostError:
        """The same loss, of work that failed with this error."""
        loss = LeaseLostError(str(self), self.reason)
        loss.__cause__ = error
        return loss


class RevokeRequestedError(Exception):
    """An operator asks the holder to give way. The lease goes on until the work has ended."""


class NackError(Exception):
    """
    Raised by the handler of a worker: the message is delivered again after `delay_ms`, or with
    `dead` never. An entry of a group has no delay.
    """

    def __init__(self, why: str, *, delay_ms: Optional[int] = None, dead: bool = False) -> None:
        super().__init__(why)
        self.delay_ms = delay_ms
        self.dead = dead


class LoadFailedError(Exception):
    """The last load of the key failed; no caller loads before `retry_after_ms`."""

    def __init__(self, retry_after_ms: float) -> None:
        super().__init__(f"the last load failed; the next may begin in {retry_after_ms:.0f} ms")
        self.retry_after_ms = retry_after_ms
