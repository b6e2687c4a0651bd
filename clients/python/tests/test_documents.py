"""What docs/clients.md and clients/conformance.md say of this client."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/clients.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.S)
BEHAVIOURS = (ROOT / "clients/conformance.md").read_text()


@pytest.mark.parametrize("program, output", EXAMPLES, ids=[output[:20] for _, output in EXAMPLES])
def test_an_example_prints_what_the_page_shows(
    program: str, output: str, service: str, namespace: str
) -> None:
    own = program.replace('"http://127.0.0.1:7700"', f'"{service}", namespace="{namespace}"')
    source = str(ROOT / "clients/python/src")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{own}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == output


def test_each_block_of_the_page_is_an_example() -> None:
    assert len(EXAMPLES) == PAGE.count("```python\n") == 14


def test_the_tests_that_the_list_of_behaviours_names_are_there() -> None:
    files = Path(__file__).parent.glob("test_*.py")
    known = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}
    header, *rows = re.findall(r"^\|(.*)\|$", BEHAVIOURS, re.M)
    column = [cell.strip() for cell in header.split("|")].index("Python")
    for row in rows[1:]:
        named = re.findall(r"`(\w+)`", row.split("|")[column])
        assert named, row
        for name in named:
            assert any(one.startswith(f"test_{name}") for one in known), name
