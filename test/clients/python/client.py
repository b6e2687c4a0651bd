"""The four domains by the client that openapi-python-client generates."""

import json
import os
from io import BytesIO

from lockstep_client import Client
from lockstep_client.api.cache import get_cache_entry, put_cache_entry
from lockstep_client.api.leaderboards import get_entry, put_leaderboard, submit_scores
from lockstep_client.api.locks import acquire_lock, release_lock
from lockstep_client.api.ratelimits import check_rate_limit, put_rate_limit_policy
from lockstep_client.models import (
    AcquireLockRequest,
    CheckRateLimitRequest,
    ColumnType,
    LeaderboardColumn,
    MemberStanding,
    LeaderboardSettings,
    Lease,
    LockHeldProblem,
    RateLimitDecision,
    RateLimitPolicySettings,
    ReleaseLeaseRequest,
    ScoreSubmission,
    SubmitScoresRequest,
)
from lockstep_client.types import File

client = Client(base_url=os.environ["LOCKSTEP_URL"], raise_on_unexpected_status=True)


def lock():
    request = AcquireLockRequest(ttl_ms=30_000, owner="ci")
    lease = acquire_lock.sync("deploy", client=client, body=request)
    assert isinstance(lease, Lease), lease

    refusal = acquire_lock.sync("deploy", client=client, body=request)
    assert isinstance(refusal, LockHeldProblem), refusal
    assert refusal.holders[0].fence == lease.fence

    released = release_lock.sync("deploy", client=client, body=ReleaseLeaseRequest(lease.token))
    assert released.released and released.fence == lease.fence


def put(key, value):
    body = File(payload=BytesIO(value))
    response = put_cache_entry.sync_detailed("pages", key, client=client, body=body, ttl_ms=60_000)
    assert response.status_code == 201, response


def get(key):
    return get_cache_entry.sync("pages", key, client=client).payload.read()


def cache():
    profile = {"name": "Ada", "born": 1815}
    put("profile/1", json.dumps(profile).encode())
    assert json.loads(get("profile/1")) == profile

    every_byte = bytes(range(256))
    put("bytes", every_byte)
    assert get("bytes") == every_byte


def limit():
    settings = RateLimitPolicySettings(limit=1, window_ms=3_600_000)
    put_rate_limit_policy.sync("api", client=client, body=settings)

    def check():
        decision = check_rate_limit.sync("api", client=client, body=CheckRateLimitRequest("user-7"))
        assert isinstance(decision, RateLimitDecision), decision
        return decision

    assert check().allowed
    denied = check()
    assert not denied.allowed and denied.retry_after_ms > 0


def board():
    largest = str(2**63 - 1)
    settings = LeaderboardSettings(columns=[LeaderboardColumn("points", type_=ColumnType.INT64)])
    put_leaderboard.sync("arcade", client=client, body=settings)
    submission = SubmitScoresRequest([ScoreSubmission("ada", score=largest)])
    submit_scores.sync("arcade", client=client, body=submission)

    entry = get_entry.sync("arcade", "ada", client=client)
    assert isinstance(entry, MemberStanding), entry
    assert entry.score == largest


lock()
cache()
limit()
board()
