"""A Kaizen agent without a model: rules decide which team gets a ticket and how soon.

It shows how a BaseAgent subclass becomes a deployment: its Signature names the inputs and outputs, and `run_async`
answers.
"""

import re
from typing import Any, Literal

from kaizen.core.base_agent import BaseAgent, BaseAgentConfig
from kaizen.signatures import InputField, OutputField, Signature

__version__ = "1.0.0"
SAMPLE = {"message": "Our payments fail since this morning, please help urgently!", "customer_tier": "business"}

TEAMS = {
    "billing": r"\b(invoice|payment|refund|charge|card|price|vat)\w*",
    "security": r"\b(password|breach|phishing|leak|login|2fa|token)\w*",
    "operations": r"\b(down|outage|slow|timeout|error|fail|crash)\w*",
}
URGENT = r"\b(urgent|immediately|asap|down|outage|breach|production|critical)\w*"


class TicketRouterSignature(Signature):
    """Route a support ticket to the team that can solve it."""

    message: str = InputField(description="What the customer wrote")
    customer_tier: Literal["free", "business", "enterprise"] = InputField(
        description="What the customer pays for", default="free"
    )
    team: str = OutputField(description="billing, security, operations or support")
    priority: str = OutputField(description="low, normal or high")
    reason: str = OutputField(description="The words that decided it")


class TicketRouter(BaseAgent):
    """Route a support ticket to the team that can solve it."""

    def __init__(self) -> None:
        super().__init__(config=BaseAgentConfig(use_async_llm=True), signature=TicketRouterSignature(), mcp_servers=[])

    async def run_async(self, **inputs: Any) -> dict[str, Any]:
        message = inputs["message"].lower()
        found = {team: [match[0] for match in re.finditer(pattern, message)] for team, pattern in TEAMS.items()}
        team = max(found, key=lambda name: len(found[name]))
        words = found[team]
        urgent = re.search(URGENT, message)
        paying = inputs.get("customer_tier", "free") != "free"
        return {
            "team": team if words else "support",
            "priority": "high" if urgent and paying else "normal" if urgent or paying else "low",
            "reason": ", ".join(words) or "no word of a particular team",
        }


agent = TicketRouter
