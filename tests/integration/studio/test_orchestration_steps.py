"""An orchestration deploys like an agent, and each call tells what its steps did."""

from tests.integration.studio.test_lifecycle import call, deploy
from tests.integration.studio.test_reconciler import eventually
from tests.programs import Studio

PICKY = '''SAMPLE = {"text": "fine"}


def picky(text: str) -> dict:
    """Take nothing bad."""
    if text == "bad":
        raise ValueError("this text is bad")
    return {"text": text}
'''
CHAIN = """\
kind: orchestration
name: chain
version: 1.0.0
pattern: sequential
sample: {text: fine}
steps:
  - {agent: echo, id: first, inputs: {text: inputs.text}}
  - {agent: picky, id: second, inputs: {text: steps.first.text}}
"""


def steps_of(studio: Studio, row: dict, request_id: str) -> list[dict]:
    query = {"request_id": request_id}
    return studio.http.get(f"/api/v1/deployments/{row['id']}/logs/steps", params=query).raise_for_status().json()


def test_each_call_tells_what_its_steps_did(studio: Studio, echo: str) -> None:
    for filename, source in (("picky.py", PICKY), ("chain.yaml", CHAIN)):
        answer = studio.http.post("/api/v1/agents", json={"filename": filename, "source": source})
        assert answer.status_code == 201, answer.text
    done = deploy(studio, "chain", "chain", channels=["api"])
    assert done["operation"]["status"] == "succeeded", done["operation"]
    row = done["deployment"]
    assert row["orchestration_id"] == row["agent_id"]

    good, bad = call(row, text="fine"), call(row, text="bad")
    assert (good.status_code, bad.status_code) == (200, 500)
    assert "step second (picky@" in bad.json()["detail"] and "this text is bad" in bad.json()["detail"]
    for answer, ends in ((good, ["succeeded", "succeeded"]), (bad, ["succeeded", "failed"])):
        request_id = answer.headers["X-Request-ID"]
        eventually(lambda id_=request_id: len(steps_of(studio, row, id_)) == 2)
        first, second = steps_of(studio, row, request_id)
        assert (first["name"], first["member"], second["name"]) == ("first", f"{echo}@1.0.0", "second")
        assert [first["status"], second["status"]] == ends
        assert first["started_at"] <= second["started_at"]
    assert second["error"] == "this text is bad"
    studio.http.delete("/api/v1/deployments/chain", params={"wait": 60})
