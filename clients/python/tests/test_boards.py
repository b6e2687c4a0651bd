from __future__ import annotations

from lockstep import Client

LARGEST = 2**63 - 1


def test_keeps_int64_scores_exact_and_answers_numbers_as_numbers(client: Client) -> None:
    columns = [{"name": "points", "type": "int64"}, {"name": "seconds", "type": "number"}]
    client.call("putLeaderboard", path={"board": "arcade"}, body={"columns": columns})  # type: ignore
    results = client.boards.submit(
        "arcade",
        [{"member": "ada", "scores": [LARGEST, 1.5]}, {"member": "bob", "scores": [7, 2]}],
    )
    assert [(one["member"], one["changed"]) for one in results] == [("ada", True), ("bob", True)]
    [ada] = client.boards.top("arcade", limit=1)
    assert (ada["member"], ada["scores"], ada["rank"]) == ("ada", [LARGEST, 1.5], 1)
    found = client.boards.rank("arcade", "ada")
    assert found and (found["scores"], found["total"]) == ([LARGEST, 1.5], 2)
    assert client.boards.rank("arcade", "eve") is None
    around = client.boards.around("arcade", "bob", count=3)
    assert [one["member"] for one in around] == ["ada", "bob"]


def test_a_score_of_one_int64_column_is_an_int(client: Client) -> None:
    body = {"columns": [{"name": "score", "type": "int64"}]}
    client.call("putLeaderboard", path={"board": "weekly"}, body=body)  # type: ignore
    client.boards.submit("weekly", [{"member": "ada", "score": -LARGEST}])
    found = client.boards.rank("weekly", "ada")
    assert found and found["score"] == -LARGEST
