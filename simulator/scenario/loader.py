# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a scenario file and says in one sentence what is wrong with it."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Iterable
from pathlib import Path

import jsonschema
import jsonschema.exceptions
import yaml

SCENARIOS = Path(__file__).parent.parent / "scenarios"
"""The shipped ones."""


class _Loader(yaml.SafeLoader):
    """Reads times as text, so that the schema alone decides what a value may be, and refuses keys that stand twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[t.Hashable, t.Any]:
        """Return a mapping; of two equal keys YAML's own loader would drop the first without a word."""
        seen: set[str] = set()
        for key, _value in node.value:
            if key.value == "<<" or not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key '{key.value}' stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class ScenarioError(Exception):
    """A scenario that cannot be used.

    Args:
        file: the file.
        where: path inside it, such as "clusters[0].nodes[2].state".
        reason: what is wrong, with what would be right.
    """

    def __init__(self, file: str, where: str, reason: str) -> None:
        super().__init__(f"{file}: {where + ': ' if where else ''}{reason}")
        self.file = file
        self.where = where
        self.reason = reason


@functools.cache
def schema() -> dict[str, t.Any]:
    """Return the JSON schema of scenarios."""
    text = (Path(__file__).parent / "scenario.schema.yml").read_text(encoding="utf-8")
    return t.cast("dict[str, t.Any]", yaml.safe_load(text))


def find(name: str) -> Path:
    """Return the file for what a user typed: a path, or the name of a shipped scenario.

    Raises:
        ScenarioError: neither exists.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = SCENARIOS / (path.name if path.suffix else f"{path.name}.yml")
    if len(path.parts) == 1 and shipped.is_file():
        return shipped
    known = ", ".join(sorted(entry.stem for entry in SCENARIOS.glob("*.yml")))
    raise ScenarioError(name, "", f"there is no such file; scenarios that come with the twin: {known}")


def _where(parts: Iterable[str | int]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _reason(error: jsonschema.exceptions.ValidationError) -> str:
    """Return the validator's message, with the names that would have been right."""
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = error.schema.get("properties", {})
        unknown = ", ".join(f"'{key}'" for key in t.cast("dict[str, object]", error.instance) if key not in known)
        return f"unknown key {unknown}; known here: {', '.join(sorted(known))}"
    if error.validator == "enum":
        allowed = ", ".join(str(value) for value in t.cast("list[object]", error.validator_value))
        return f"{error.instance!r} is not allowed; one of: {allowed}"
    return str(error.message)


def load(path: Path) -> dict[str, t.Any]:
    """Return the content of a scenario file, checked against the schema.

    Raises:
        ScenarioError: it cannot be read, is no YAML, or does not follow the schema.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except OSError as error:
        raise ScenarioError(str(path), "", f"cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(str(path), "", f"is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ScenarioError(str(path), "", "is no scenario, which is a mapping with the key clusters; scenario/README.md explains it")
    return check(data, str(path))


def check(data: object, name: str = "scenario") -> dict[str, t.Any]:
    """Check the content of a scenario against the schema and return it.

    Raises:
        ScenarioError: it does not follow the schema.
    """
    validator = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    errors = sorted(validator.iter_errors(data), key=lambda error: [str(part) for part in error.absolute_path])
    if errors:
        error = _deepest(errors[0])
        raise ScenarioError(name, _where(error.absolute_path), _reason(error))
    return t.cast("dict[str, t.Any]", data)


def _deepest(error: jsonschema.exceptions.ValidationError) -> jsonschema.exceptions.ValidationError:
    """Return the error inside an alternative that says most: of the alternative whose type fits."""
    if error.validator != "anyOf" or not error.context:
        return error
    fitting = [inner for inner in error.context if inner.validator != "type" or len(inner.schema_path) > 2]
    return min(fitting or error.context, key=lambda inner: -len(inner.absolute_path))
