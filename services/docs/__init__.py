"""How callers connect: the OpenAPI document, the problems they may meet, and snippets for each client."""

DOORS = ("interface", "openapi", "problems", "snippet_parts", "snippets")
