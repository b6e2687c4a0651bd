from __future__ import annotations

from typing import Any, AsyncIterator, Dict

from .._bridge import AsyncBridge
from .._errors import NoAnswerError
from .._events import Event
from .._transport import pause_ms


async def follow(client: AsyncBridge, operation: str, **parts: Any) -> AsyncIterator[Event]:
    """
    The events of a stream, without an end. The first connection has the time of a call; an outage
    later on may last as long as it likes.
    """
    transport = client.transport
    headers: Dict[str, str] = {}
    stream = await client.run(transport.connect(operation, {}, **parts))
    tries = 0
    while True:
        cut = NoAnswerError("the stream ended")
        try:
            while True:
                event = await client.run(stream.next())
                tries = 0
                if event.id is not None:
                    headers["Last-Event-ID"] = event.id
                yield event
        except NoAnswerError as error:
            cut = error
        finally:
            await client.run(stream.close())
        tries += 1
        await client.sleep(pause_ms(cut, tries))
        endless: Any = {"timeout_ms": float("inf")}
        stream = await client.run(transport.connect(operation, endless, **parts, headers=headers))
