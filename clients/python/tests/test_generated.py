from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_sync_client_is_the_asyncio_one_without_async() -> None:
    generate = Path(__file__).parents[1] / "generate.py"
    subprocess.run([sys.executable, str(generate), "--check"], check=True)
