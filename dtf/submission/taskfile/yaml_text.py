"""Reads YAML of JSON's types: no tags, no duplicate keys, a bounded expansion of aliases."""

from collections.abc import Callable
from typing import Any

import yaml

from dtf.domain.tasks.task import Place
from dtf.submission.taskfile.parsed import Parsed, SyntaxProblemError

#: How many values a document may have once its aliases are expanded.
MOST_VALUES = 200_000

_PREFIX = "tag:yaml.org,2002:"
_SCALARS = ("str", "int", "float", "bool", "null", "timestamp")


def parse_yaml(text: str) -> Parsed:
    """Parse one YAML document.

    Raises:
        SyntaxProblemError: It is not YAML, or more than JSON could say.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise SyntaxProblemError("the file has no content")
        walk = _Walk(loader)
        return Parsed(document=walk.value(node, ()), lines=walk.lines)
    except yaml.MarkedYAMLError as error:
        raise _located(error.problem_mark or error.context_mark, error.problem or "not YAML") from error
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML forbids, a number too long
        raise SyntaxProblemError(f"not YAML: {error}") from error
    except RecursionError:
        raise SyntaxProblemError("not YAML that can be read: nested too deeply") from None
    finally:
        loader.dispose()


def _located(mark: yaml.Mark | None, message: str) -> SyntaxProblemError:
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return SyntaxProblemError(where + message)


class _Walk:
    """Builds values from nodes; counts them, so that aliases of aliases end early."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._count = 0
        self._open: set[int] = set()
        self.lines: dict[Place, int] = {}

    def value(self, node: yaml.Node, place: Place) -> object:
        self._count += 1
        if self._count > MOST_VALUES:
            raise _located(node.start_mark, f"more than {MOST_VALUES} values once the aliases are expanded")
        self.lines[place] = node.start_mark.line + 1
        kind = str(node.tag).removeprefix(_PREFIX)
        if isinstance(node, yaml.ScalarNode) and kind in _SCALARS:
            return self._scalar(node, kind)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return self._within(node, lambda: [self.value(n, (*place, i)) for i, n in enumerate(node.value)])
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._within(node, lambda: self._mapping(node, place))
        raise _located(node.start_mark, f"the tag {str(node.tag)[:80]!r} is not allowed")

    def _scalar(self, node: yaml.ScalarNode, kind: str) -> object:
        if kind == "timestamp":  # a date is a text here, as it is in JSON
            return node.value
        try:
            return self._loader.construct_object(node)
        except ValueError as error:
            raise _located(node.start_mark, f"{node.value[:40]!r} is no number that can be used: {error}") from error

    def _within(self, node: yaml.Node, build: Callable[[], Any]) -> object:
        if id(node) in self._open:
            raise _located(node.start_mark, "an alias contains itself")
        self._open.add(id(node))
        built = build()
        self._open.discard(id(node))
        return built

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        built: dict[str, object] = {}
        for key_node, value_node in node.value:
            if str(key_node.tag) != _PREFIX + "str":
                raise _located(key_node.start_mark, f"the key {str(key_node.value)[:40]!r} is not a text")
            key = key_node.value
            if key in built:
                raise _located(key_node.start_mark, f"the key {key[:80]!r} stands here twice")
            built[key] = self.value(value_node, (*place, key))
            self.lines[(*place, key)] = key_node.start_mark.line + 1
        return built
