"""Kailash workflows through the gateway: what their authors see when they try one is what callers get."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from nexdeck.models.manifest import Limits

HEAD = "from kailash.workflow.builder import WorkflowBuilder\nagent = WorkflowBuilder()\n"
TWO_NODES = HEAD + (
    "agent.add_node('PythonCodeNode', 'words', {'code': \"result = {'words': text.split()}\"})\n"
    "agent.add_node('PythonCodeNode', 'count', {'code': \"result = {'count': len(of['words'])}\"})\n"
    "agent.add_connection('words', 'result', 'count', 'of')\n"
)
SWITCH = HEAD + (
    "agent.add_node('PythonCodeNode', 'measure', {'code': \"result = {'size': size, 'is_big': size > 5}\"})\n"
    "agent.add_node('SwitchNode', 'which', {'condition_field': 'is_big', 'operator': '==', 'value': True})\n"
    "agent.add_node('PythonCodeNode', 'big', {'code': \"result = {'kind': 'big', 'size': of['size']}\"})\n"
    "agent.add_node('PythonCodeNode', 'small', {'code': \"result = {'kind': 'small', 'size': of['size']}\"})\n"
    "agent.add_connection('measure', 'result', 'which', 'input_data')\n"
    "agent.add_connection('which', 'true_output', 'big', 'of')\n"
    "agent.add_connection('which', 'false_output', 'small', 'of')\n"
)
CYCLE = HEAD + (
    "agent.add_node('PythonCodeNode', 'grow', {'code': '''\n"
    "try:\n"
    "    n = n\n"
    "except NameError:\n"
    "    n = start\n"
    "result = {'n': n + 1, 'done': n + 1 >= 5}\n"
    "'''})\n"
    "agent.add_node('PythonCodeNode', 'end', {'code': \"result = {'reached': of['n']}\"})\n"
    "agent = agent.build()\n"
    "cycle = agent.create_cycle('growing')\n"
    "cycle.connect('grow', 'grow', {'result.n': 'n'}).max_iterations(20).converge_when('done == True').build()\n"
    "agent.connect('grow', 'end', {'result': 'of'})\n"
)
ASYNC_NODES = HEAD + (
    "agent.add_node('AsyncPythonCodeNode', 'wait',"
    " {'code': \"import asyncio\\nawait asyncio.sleep(0.01)\\nresult = {'shout': text.upper()}\"})\n"
    "agent.add_node('AsyncPythonCodeNode', 'more', {'code': \"result = {'twice': shout * 2}\"})\n"
    "agent.add_connection('wait', 'result.shout', 'more', 'shout')\n"
)
LAST_FAILS = HEAD + "agent.add_node('PythonCodeNode', 'only', {'code': 'result = 1 / by'})\n"
SLOW = HEAD + "agent.add_node('PythonCodeNode', 'only', {'code': 'import time\\ntime.sleep(seconds)\\nresult = 1'})\n"
TELLS = HEAD + (
    "agent.add_node('PythonCodeNode', 'only',"
    " {'code': \"import os\\nprint('from a node')\\nresult = {'own': os.environ['OWN']}\"})\n"
)
FIRST_FAILS = HEAD + (
    "agent.add_node('PythonCodeNode', 'first', {'code': 'result = 1 / by'})\n"
    "agent.add_node('PythonCodeNode', 'last', {'code': 'result = x'})\n"
    "agent.add_connection('first', 'result', 'last', 'x')\n"
)
NO_RESULT = HEAD + "agent.add_node('PythonCodeNode', 'only', {'code': 'doubled = by * 2'})\n"


@pytest.mark.parametrize(
    ("source", "inputs", "output"),
    [
        (TWO_NODES, {"text": "one two three"}, {"count": 3}),
        (SWITCH, {"size": 9}, {"kind": "big", "size": 9}),
        (SWITCH, {"size": 1}, {"kind": "small", "size": 1}),
        (CYCLE, {"start": 0}, {"reached": 5}),
        (ASYNC_NODES, {"text": "hey"}, {"twice": "HEYHEY"}),
        ("# runs on AsyncLocalRuntime\n" + ASYNC_NODES, {"text": "hey"}, {"twice": "HEYHEY"}),
        (NO_RESULT, {"by": 4}, {"by": 4, "doubled": 8}),
    ],
    ids=["two nodes", "switch true", "switch false", "cycle", "async nodes", "async runtime", "no result"],
)
def test_a_workflow_answers_what_its_runtime_works_out(gateway, source, inputs, output):
    gateway.deploy("workflow-case", source)
    assert gateway.output("workflow-case", **inputs) == output
    gateway.undeploy("workflow-case")


def test_many_calls_of_one_workflow_at_once_are_all_right(gateway):
    gateway.deploy("crowd", SWITCH)
    sizes = range(64)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda size: gateway.output("crowd", size=size), sizes))
    assert answers == [{"kind": "big" if size > 5 else "small", "size": size} for size in sizes]


def test_nodes_run_with_the_deployments_variables_and_log(gateway):
    gateway.deploy("tells", TELLS, environment={"OWN": "own"})
    assert gateway.output("tells") == {"own": "own"}
    printed, answered = gateway.messages("tells")
    assert printed == "from a node" and answered.startswith("api 200")


def test_a_workflow_is_left_behind_when_its_time_is_over(gateway):
    gateway.deploy("slow", SLOW, limits=Limits(timeout_seconds=0.5))
    answer = gateway.call("slow", {"seconds": 3})
    assert (answer.status_code, answer.json()["code"]) == (504, "timeout")
    assert gateway.output("slow", seconds=0) == {"result": 1}


@pytest.mark.parametrize("source", [LAST_FAILS, FIRST_FAILS], ids=["the last", "one before it"])
def test_a_node_that_fails_is_a_failed_call(gateway, source):
    gateway.deploy("broken", source)
    answer = gateway.call("broken", {"by": 0})
    assert answer.status_code == 500
    assert "division by zero" in answer.json()["detail"]
    assert gateway.output("broken", by=2) == {"result": 0.5}
    gateway.undeploy("broken")
