"""Read YAML with limits on size and depth, without anchors or tags, and note the line of each key.

Every scalar stays the text of the file, or None where it is empty, ``~`` or ``null``. The field that it belongs to
gives it a type, so that no rule of YAML 1.1 changes it: not ``0100`` (64), ``1:30:00`` (5400) or ``on``.
"""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lindos.errors import InputError
from lindos.scalars import numeral

#: Limits that no scenario or catalogue file reaches.
MAX_BYTES = 5_000_000
MAX_DEPTH = 40
MAX_VALUES = 200_000

_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]
    """Knows a scalar that means null from a text, and no other kind of scalar."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """Get the tag of a node; a quoted scalar (``implicit[0]`` is false) is a text whatever it says."""
        return _NULL if kind is yaml.ScalarNode and implicit[0] and value in _NULLS else _TEXT

    def descend_resolver(self, parent: object, key: object) -> None:
        """Do nothing: no tag depends on the path of a node."""

    def ascend_resolver(self) -> None:
        """Do nothing, as above."""


def yaml_text(text: str) -> Any:
    """Parse YAML that ships into plain data: mappings, lists, texts and None.

    Parameters
    ----------
    text
        The YAML.
    """
    node = yaml.compose(text, Loader=_Loader)
    return None if node is None else _plain(node)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == _NULL else node.value
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    return [_plain(value) for value in node.value]


def read_yaml(path: Path, field: str = "file") -> tuple[Any, dict[str, int]]:
    """Read a YAML file: its content, and the line of every dotted path in it.

    Parameters
    ----------
    path
        The file.
    field
        Name of the option or field that names the file, for the error message.

    Raises
    ------
    InputError
        If the file cannot be read, is larger than 5 MB, is not UTF-8 or not YAML, contains anchors, tags, duplicate
        keys or more than one document, more than 200,000 keys and values, or nests deeper than 40 levels.
    """
    text = _text(path, field)
    lines: dict[str, int] = {}
    try:
        _check_events(text, path)
        node = yaml.compose(text, Loader=_Loader)
        data = None if node is None else _Builder(lines).value(node, "")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise InputError(path.name, "not valid YAML", "YAML", f"At line {line}: {problem}.", line) from None
    return data, lines


def _text(path: Path, field: str) -> str:
    try:
        status = path.stat()
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / 1e6:,.0f} MB"
            raise InputError(str(path), size, "a file of at most 5 MB", "Leave out what is not used.")
        if not stat.S_ISREG(status.st_mode):  # a device or a pipe may never end
            raise InputError(field, str(path), "a file that can be read", "It is a folder or a device.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InputError(field, str(path), "a file that can be read", f"The system says: {reason}.") from None
    except UnicodeDecodeError as error:
        raise InputError(str(path), "not UTF-8", "UTF-8 text", f"The first wrong byte is at {error.start}.") from None
    except InputError:
        raise
    except ValueError:  # a zero byte in the name
        raise InputError(field, str(path), "a file that can be read", "No file can have that name.") from None


def _check_events(text: str, path: Path) -> None:
    """Refuse YAML that could expand or run code, before anything is built."""
    depth, documents, values = 0, 0, 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InputError(path.name, "an anchor or alias", "plain YAML without anchors", "Write it out.", line)
        tag = getattr(event, "tag", None)
        if tag and not isinstance(event, yaml.DocumentStartEvent):
            raise InputError(path.name, f"a tag {tag}", "plain YAML without tags", "Leave the tag out.", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError(path.name, "nested too deep", f"at most {MAX_DEPTH} levels deep", "", line)
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            if values > MAX_VALUES:
                raise InputError(path.name, "too long", f"at most {MAX_VALUES:,} keys and values", "", line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise InputError(path.name, "more than one document", "one YAML document", "Split the file.", line)


class _Builder:
    """Turns nodes into plain data and notes the line of each path."""

    def __init__(self, lines: dict[str, int]) -> None:
        self.lines = lines

    def value(self, node: yaml.Node, path: str) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return dict(self.items(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, _child_path(path, index)) for index, child in enumerate(node.value)]
        return None if node.tag == _NULL else str(node.value)

    def items(self, node: yaml.MappingNode, path: str) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        before: tuple[str, str] | None = None
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if node.flow_style and before is not None:
                _refuse_split_number(before, key_node, child, line)
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError(path or "file", "a list or mapping as a key", "a text as key", "", line)
            key = str(key_node.value)
            child_path = _child_path(path, key)
            if key in seen:
                raise InputError(child_path, "given twice", "given once", "Remove one of the two.", line)
            seen.add(key)
            value = self.value(child, child_path)
            before = (child_path, value) if isinstance(value, str) else None
            yield key, value
            self.lines[child_path] = line


def _refuse_split_number(before: tuple[str, str], key: yaml.Node, child: yaml.Node, line: int) -> None:
    """Refuse a number with a comma between braces, which YAML reads as the end of an entry and a second key.

    Parameters
    ----------
    before
        Path and text of the entry before the key.
    key, child
        Nodes of the key and of its value.
    line
        Line of the key.
    """
    path, start = before
    is_digits = isinstance(key, yaml.ScalarNode) and str(key.value)[:1].isdigit() and child.tag == _NULL
    if is_digits and start[-1:].isdigit():
        text = f"{start},{key.value}"
        expected = "a number without a comma: between braces a comma ends the entry"
        readings = [f"'{start}{mark}{key.value}'" for mark in (".", "") if _is_readable(f"{start}{mark}{key.value}")]
        raise InputError(path, text, expected, f"Write {' or '.join(readings)}.", line)


def _is_readable(text: str) -> bool:
    """Tell whether a number is written as every locale reads it: ``24.000`` is not."""
    try:
        numeral(text, "")
    except InputError:
        return False
    return True


def _child_path(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
