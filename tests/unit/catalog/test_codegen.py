"""What a user wrote enters a generated module only as a literal."""

import ast

from hypothesis import given, settings
from hypothesis import strategies as st
from kaizen.core.structured_output import StructuredOutputGenerator

from nexdeck.models.declarative import DeclarativeSpec, FieldSpec
from nexdeck.services.catalog.codegen.declarative import class_name, declarative_module
from tests.unit.catalog.strategies import json_values, specs, texts

PLAIN = {"string": "x", "integer": 1, "number": 1.5, "boolean": True, "array": ["x"], "object": {"x": 1}}
samples = st.dictionaries(texts, json_values, max_size=3)


class _WithoutLiterals(ast.NodeTransformer):
    """Replaces every literal, however large, by one placeholder."""

    def visit(self, node: ast.AST) -> ast.AST:
        try:
            ast.literal_eval(node)
        except ValueError:
            return self.generic_visit(node)
        return ast.Constant("literal")

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        is_choice = isinstance(node.value, ast.Name) and node.value.id == "Literal"
        return ast.Name("Literal") if is_choice else self.generic_visit(node)


def shape_of(module: str) -> str:
    return ast.dump(_WithoutLiterals().visit(ast.parse(module)))


def _tame(spec: DeclarativeSpec) -> DeclarativeSpec:
    """The same agent with harmless texts."""

    def tame(field: FieldSpec) -> FieldSpec:
        enum = None if field.enum is None else [PLAIN[field.type]] * len(field.enum)
        default = None if field.default is None else PLAIN[field.type]
        return field.model_copy(update={"description": "x", "enum": enum, "default": default})

    return spec.model_copy(
        update={
            "description": "x",
            "instructions": "x",
            "model": "x",
            "base_url": spec.base_url and "x",
            "inputs": [tame(field) for field in spec.inputs],
            "outputs": [tame(field) for field in spec.outputs],
        }
    )


@settings(max_examples=40)
@given(specs(), samples)
def test_hostile_texts_change_no_statement(spec, sample):
    assert shape_of(declarative_module(spec, sample)) == shape_of(declarative_module(_tame(spec), {}))


@settings(max_examples=40)
@given(specs(), samples)
def test_the_literals_equal_the_input(spec, sample):
    tree = ast.parse(declarative_module(spec, sample))
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id in ("INSTRUCTIONS", "DEFAULTS", "SAMPLE", "__version__")
    }
    assert constants == {
        "__version__": spec.version,
        "INSTRUCTIONS": spec.instructions,
        "DEFAULTS": {field.name: field.default for field in spec.inputs if field.default is not None},
        "SAMPLE": sample,
    }
    docstring = ast.get_docstring(tree, clean=False)
    assert docstring == f"{spec.name} {spec.version}\n" + (f"\n{spec.description}\n" if spec.description else "")


@settings(max_examples=40)
@given(specs())
def test_kaizen_sees_the_fields_as_they_were_written(spec):
    space = {"__name__": "generated"}
    exec(compile(declarative_module(spec, {}), "<generated>", "exec"), space)
    signature = space[f"{class_name(spec.name)}Signature"]()
    for written, seen in [(spec.inputs, signature.input_fields), (spec.outputs, signature.output_fields)]:
        wanted = {field.name: field.description or field.name.replace("_", " ") for field in written}
        assert {name: field["desc"] for name, field in seen.items()} == wanted
    schema = StructuredOutputGenerator.signature_to_json_schema(signature)["properties"]
    assert {name: (field["type"], field.get("enum")) for name, field in schema.items()} == {
        field.name: (field.type, field.enum) for field in spec.outputs
    }
    given = {field.name: field.enum[0] if field.enum else PLAIN[field.type] for field in spec.outputs}
    for field in spec.outputs:
        fits, _ = StructuredOutputGenerator.validate_output({**given, field.name: None}, signature)
        assert fits == (not field.is_required)
