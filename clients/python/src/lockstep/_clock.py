from __future__ import annotations

import time

# Goes on while the machine sleeps, as the lease does. Linux has it.
_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", None)


def now_ms() -> float:
    """Milliseconds of a monotonic clock."""
    seconds = time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)
    return seconds * 1000
