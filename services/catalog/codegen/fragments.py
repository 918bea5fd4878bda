"""The parts of a generated module that are the same in each of them."""

MODEL_RUN = '''
    async def run_async(self, **inputs):
        """Ask the model. Gives exactly the output fields, or raises an error that says why it could not."""
        answer = await super().run_async(**{**DEFAULTS, **inputs})
        return {name: answer[name] for name in self.signature.output_fields}

    def _validate_signature_output(self, output):
        """Called by Kaizen with the model's answer, before it is given on."""
        valid, faults = StructuredOutputGenerator.validate_output(output, self.signature)
        if not valid:
            raise RuntimeError(f"The model gave no usable answer: {output.get('error') or '; '.join(faults)}")
        return True
'''

MODEL_RUN_WITH_DEFAULTS = '''
    async def run_async(self, **inputs):
        """Ask the model. Gives exactly the output fields, or raises an error that says why it could not."""
        answer = await super().run_async(**{**DEFAULTS, **inputs})
        defaults = {name: value for name, value in OUTPUT_DEFAULTS.items() if answer[name] is None}
        return {name: defaults.get(name, answer[name]) for name in self.signature.output_fields}

    def _validate_signature_output(self, output):
        """Called by Kaizen with the model's answer, before it is given on."""
        for name in OUTPUT_DEFAULTS:
            output.setdefault(name, None)
        valid, faults = StructuredOutputGenerator.validate_output(output, self.signature)
        if not valid:
            raise RuntimeError(f"The model gave no usable answer: {output.get('error') or '; '.join(faults)}")
        return True
'''

OFFLINE_START = '''
    async def run_async(self, **inputs):
        """Make the outputs up: no model is asked. The same inputs always give the same outputs."""
        inputs = {**DEFAULTS, **inputs}
        given = ", ".join(f"{name}: {value}" for name, value in inputs.items())
'''

OFFLINE_CHANCE = """
        chance = crc32(given.encode(errors="replace"))
"""

OFFLINE_TEXT = """
def made_up(description: str, given: str) -> str:
    return f"[offline, no model was asked] {description} (given {given})"
"""


SIGNATURE_FAULTS = '''
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
'''

SCHEMA_FAULTS = '''
def faults(inputs: object) -> list[str]:
    """What is wrong with the inputs, in plain words."""
    if not isinstance(inputs, dict):
        return ["the argument must be one JSON object"]
    fields = INPUTS["properties"]
    found = [f"{name} is not an input; the inputs are {', '.join(fields)}" for name in inputs if name not in fields]
    return found + [f"{name} is missing" for name in INPUTS.get("required", []) if name not in inputs]
'''

MAIN = '''
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
        answer = asyncio.run(ANSWER)
    except Exception as error:  # whatever the agent raises is its answer here, at the end of the program
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
'''

ORCHESTRATION_IMPORTS = """
import asyncio
import dataclasses
import inspect
import json
import linecache
import logging
import sys
import time
from types import ModuleType
"""

SHOW_STEPS = """
    log.addHandler(logging.StreamHandler())
    log.setLevel(logging.INFO)
"""

STEP = '''
async def step(name, member, inputs):
    """Call a member, in a thread if it is not async. Gives its output as a dict; logs how long it took."""
    started = time.perf_counter()
    call = MEMBERS[member]
    try:
        if inspect.iscoroutinefunction(call):
            output = await call(**inputs)
        else:
            output = await asyncio.to_thread(call, **inputs)
        if dataclasses.is_dataclass(output):
            output = dataclasses.asdict(output)
        elif hasattr(output, "model_dump"):
            output = output.model_dump()
        elif not isinstance(output, dict):
            output = {"result": output}
        elif output.get("success") is False and output.get("error"):  # how Kaizen reports a failure
            raise RuntimeError(output["error"])
    except asyncio.CancelledError:  # another step failed, or the time is up
        log.warning("step %s (%s) was ended after %.1f ms", name, member, (time.perf_counter() - started) * 1000)
        raise
    except Exception as error:
        took = (time.perf_counter() - started) * 1000
        log.error("step %s (%s) failed after %.1f ms: %s", name, member, took, error)
        raise RuntimeError(f"step {name} ({member}) failed: {error}") from error
    log.info("step %s (%s) took %.1f ms", name, member, (time.perf_counter() - started) * 1000)
    return output
'''

TOGETHER = '''
async def together(steps):
    """Run the steps at the same time; the first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(running) for name, running in steps.items()}
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return {name: task.result() for name, task in tasks.items()}
'''

GIVEN = '''
def given(target, values, name):
    """The value for an optional input, if there is one."""
    return {target: values[name]} if name in values else {}
'''

NEEDED = '''
def needed(results, name, output):
    """An output that a step gives sometimes, and that has to be there now."""
    if output not in results[name]:
        raise RuntimeError(f"step {name} gave no {output}; it gave {', '.join(results[name])}")
    return results[name][output]
'''

LOAD = '''
def load(label, source):
    """The module of a member, from its source as it is in this file."""
    module = ModuleType(f"{__name__}.{label}")
    module.__file__ = f"<{label}>"
    linecache.cache[module.__file__] = (len(source), None, source.splitlines(keepends=True), module.__file__)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    exec(compile(source, module.__file__, "exec", dont_inherit=True), module.__dict__)
    return module
'''
