"""A Kailash workflow of two nodes: price the lines of an order, then add its tax."""

from kailash.nodes.code.python import PythonCodeNode
from kailash.workflow.builder import WorkflowBuilder

__version__ = "1.0.0"
SAMPLE = {"lines": [{"article": "desk", "quantity": 2, "unit_price": 149.5}], "vat_rate": 0.19}

# A workflow's nodes say little about their types, so the schemas are written out here.
INPUTS = {
    "type": "object",
    "properties": {
        "lines": {
            "type": "array",
            "description": "What was ordered",
            "items": {
                "type": "object",
                "properties": {
                    "article": {"type": "string"},
                    "quantity": {"type": "integer", "minimum": 1},
                    "unit_price": {"type": "number", "minimum": 0},
                },
                "required": ["article", "quantity", "unit_price"],
            },
        },
        "vat_rate": {"type": "number", "description": "0.19 for 19 %", "minimum": 0, "maximum": 1},
    },
    "required": ["lines", "vat_rate"],
    "additionalProperties": False,
}
OUTPUTS = {
    "type": "object",
    "properties": {
        "lines": {"type": "array", "items": {"type": "object"}, "description": "The lines with their totals"},
        "net": {"type": "number"},
        "vat": {"type": "number"},
        "gross": {"type": "number"},
    },
    "required": ["lines", "net", "vat", "gross"],
}


def _price_lines(lines: list) -> dict:
    return {"priced": [{**line, "total": round(line["quantity"] * line["unit_price"], 2)} for line in lines]}


def _add_tax(priced: list, vat_rate: float) -> dict:
    net = round(sum(line["total"] for line in priced), 2)
    vat = round(net * vat_rate, 2)
    return {"lines": priced, "net": net, "vat": vat, "gross": round(net + vat, 2)}


agent = WorkflowBuilder()
agent.add_node_instance(PythonCodeNode.from_function(_price_lines, name="price_lines"), "price_lines")
agent.add_node_instance(PythonCodeNode.from_function(_add_tax, name="add_tax"), "add_tax")
agent.add_connection("price_lines", "result.priced", "add_tax", "priced")
agent.add_workflow_inputs("price_lines", {"lines": "lines"})
agent.add_workflow_inputs("add_tax", {"vat_rate": "vat_rate"})
