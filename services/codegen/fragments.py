"""The parts of a generated module that are the same in each of them."""

MODEL_RUN = '''
    async def run_async(self, **inputs):
        """Ask the model. Gives exactly the output fields, or raises an error that says why it could not."""
        answer = await super().run_async(**{**DEFAULTS, **inputs})
        return {name: answer[name] for name in self.signature.output_fields}

    def _validate_signature_output(self, output):
        """Called by Kaizen with the model's answer, before it is given on."""
        for name, value in OUTPUT_DEFAULTS.items():
            output.setdefault(name, value)
        valid, faults = StructuredOutputGenerator.validate_output(output, self.signature)
        if not valid:
            raise RuntimeError(output.get("error") or f"The model's answer does not fit: {'; '.join(faults)}")
        return True
'''

OFFLINE_START = '''
    async def run_async(self, **inputs):
        """Make the outputs up: no model is asked. The same inputs always give the same outputs."""
        inputs = {**DEFAULTS, **inputs}
        given = ", ".join(f"{name}: {value}" for name, value in inputs.items())
        chance = crc32(given.encode(errors="replace"))
'''

OFFLINE_TEXT = """
def made_up(description: str, given: str) -> str:
    return f"[offline, no model was asked] {description} (given {given})"
"""

DECLARATIVE_MAIN = '''
def faults(inputs: object) -> list[str]:
    """What is wrong with the inputs, in plain words."""
    if not isinstance(inputs, dict):
        return ["the argument must be one JSON object"]
    fields = SIGNATURE().input_fields
    found = [f"{name} is not an input; the inputs are {', '.join(fields)}" for name in inputs if name not in fields]
    for name, field in fields.items():
        if name in inputs:
            fits, problem = TypeIntrospector.validate_value_against_type(inputs[name], field["type"])
            found += [] if fits else [f"{name}: {problem}"]
        elif field["required"]:
            found.append(f"{name} is missing")
    return found


def main(arguments: list[str]) -> int:
    """Answer one JSON object of inputs. 0: answered, 1: the agent failed, 2: the argument is wrong."""
    try:
        inputs = json.loads(arguments[0]) if len(arguments) == 1 else None
        found = faults(inputs)
    except ValueError as error:
        found = [f"the argument is not JSON: {error}"]
    if found:
        usage = f"usage: python {sys.argv[0]} '{json.dumps(SAMPLE, ensure_ascii=False)}'"
        print(*found, usage, sep="\\n", file=sys.stderr)
        return 2
    try:
        answer = asyncio.run(agent().run_async(**inputs))
    except Exception as error:  # whatever the agent raises is its answer here, at the end of the program
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
'''
