import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from nexdeck.services.catalog.codegen.literals import docstring, layout, one_line, quoted, raw_block
from tests.unit.catalog.strategies import json_values, long_texts


@settings(max_examples=200)
@given(json_values, st.integers(0, 20), st.integers(0, 130))
def test_a_laid_out_value_reads_back_as_it_was(value, indent, used):
    assert ast.literal_eval(layout(value, indent, used)) == value
    assert ast.literal_eval(one_line(value)) == value


@settings(max_examples=300)
@given(long_texts, st.sampled_from([quoted, docstring, raw_block]))
def test_each_form_of_a_text_reads_back_as_it_was(text, form):
    assert ast.literal_eval(form(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_shows_no_invisible_character(text):
    assert quoted(text).isprintable()


def test_long_texts_are_cut_at_their_lines_and_between_words():
    text = "First line.\n" + "word " * 40 + "\nlast"
    assert layout(text, 0, 15).splitlines() == [
        "(",
        '    "First line.\\n"',
        f'    "{"word " * 22}"',
        f'    "{"word " * 18}\\n"',
        '    "last"',
        ")",
    ]
