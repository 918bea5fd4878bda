"""Baseline: the trivial function as a FastAPI route under uvicorn, with nothing around it."""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Call(BaseModel):
    inputs: dict


@app.post("/execute")
async def execute(call: Call) -> dict:
    return {"text": call.inputs["text"]}


@app.get("/livez")
async def livez() -> dict:
    return {}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="error")
