"""The options of a deployment as flags of a command, out of ``models.option_table``."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.values import read_json
from nexdeck.models.option_shape import Notation, Option, names_in
from nexdeck.models.option_table import OPTIONS

Chosen = dict[Option, Any]  # what was said, each as the REST API takes it
TYPES: dict[Notation, Any] = {
    Notation.SWITCH: bool | None,
    Notation.COUNT: int | None,
    Notation.NUMBER: float | None,
    Notation.REPEATED: list[str] | None,
    Notation.PAIRS: list[str] | None,
}


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with a flag for each option in the place of its parameter ``options``, a ``Chosen``."""
    parameters = []
    for parameter in inspect.signature(command).parameters.values():
        flags = [_flag(option) for option in OPTIONS] if parameter.name == "options" else [parameter]
        parameters += [flag.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for flag in flags]

    @wraps(command)
    def run(**said: Any) -> None:
        values = {option: said.pop(_name(option)) for option in OPTIONS}
        command(**said, options={option: _value(option, value) for option, value in values.items() if _is_said(value)})

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def changed(current: dict[str, Any], chosen: Chosen) -> dict[str, Any]:
    """``current`` options with what was chosen. A canary of 0 % is none, whatever else is said of it."""
    options = dict(current)
    for option, value in chosen.items():
        group, _, name = option.path.partition(".")
        before = options.get(group)
        if name:
            options[group] = {**(before or {}), name: value}
        elif isinstance(value, dict) and (option.adds or option.parts):
            options[group] = {**(before or {}), **value}
        elif option.adds:
            options[group] = list(dict.fromkeys([*(before or []), *value]))
        else:
            options[group] = value
    if (options.get("canary") or {}).get("percent") == 0:
        options["canary"] = None
    return options


def _name(option: Option) -> str:
    return option.flag.removeprefix("--").replace("-", "_")


def _flag(option: Option) -> inspect.Parameter:
    flag = f"{option.flag}/--no-{option.flag.removeprefix('--')}" if option.notation is Notation.SWITCH else option.flag
    metavar = None if option.notation is Notation.SWITCH else option.metavar
    how = typer.Option(flag, metavar=metavar, min=option.least, max=option.most, help=option.help)
    annotation = Annotated[TYPES.get(option.notation, str | None), how]
    return inspect.Parameter(_name(option), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _is_said(value: Any) -> bool:
    return value is not None and value != []


def _value(option: Option, said: Any) -> Any:
    match option.notation:
        case Notation.CHOICES:
            return [word.strip().lower() for word in said.split(",") if word.strip()]
        case Notation.NAMES:
            return names_in(said)
        case Notation.PAIRS:
            return dict(_pair(option, word) for word in said)
        case Notation.PARTS:
            return _parts(option, said)
        case Notation.JSON:
            return read_json(said, option.flag)
    return None if option.zero_is_none and not said else said


def _pair(option: Option, word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        detail = f"{option.flag} {name}: write it as NAME=VALUE."
        raise CliError.because(ExitCode.USAGE, detail, code="invalid_input")
    return name, value


def _parts(option: Option, said: str) -> dict[str, bool]:
    kept = {word.strip().lower() for word in said.split(",")} - {"", "none"}
    if unknown := kept - set(option.parts):
        say = f"say {', '.join(option.parts)}, both with a comma between, or none."
        detail = f"{option.flag} {', '.join(sorted(unknown))}: {say}"
        raise CliError.because(ExitCode.USAGE, detail, code="invalid_input")
    return {part: part in kept for part in option.parts}
