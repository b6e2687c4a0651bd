"""Hooks of schemathesis: a request may wait for minutes, and the fuzz has none to spare."""

import schemathesis

LONGEST_WAIT_MS = 50


def shorten(fields):
    if isinstance(fields, dict) and isinstance(fields.get("waitMs"), int):
        fields["waitMs"] = min(fields["waitMs"], LONGEST_WAIT_MS)


@schemathesis.hook
def before_call(context, case, kwargs):
    shorten(case.body)
    shorten(case.query)
