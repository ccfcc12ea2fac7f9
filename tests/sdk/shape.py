"""Whether JSON has the form that an SDK's request types declare.

The SDKs' `TypedDict`s say `Iterable`, which pydantic checks only when somebody iterates, and let unknown keys pass.
"""

import collections.abc
import types
import typing

import typing_extensions as extensions

NUMBERS = {int: int, float: (int, float)}


def problems(value, kind, path="body"):
    """What is wrong with `value`, in sentences; empty when nothing is."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, extensions.TypeAliasType):
        return problems(value, kind.__value__, path)
    if kind in (typing.Any, object):
        return []
    if origin in (typing.Annotated, extensions.Required, extensions.NotRequired, extensions.ReadOnly):
        return problems(value, arguments[0], path)
    if origin in (typing.Union, types.UnionType):
        return union(value, arguments, path)
    if origin is typing.Literal or origin is extensions.Literal:
        return [] if value in arguments else [f"{path}: {value!r} is none of {list(arguments)}"]
    if extensions.is_typeddict(kind):
        return typed_dict(value, kind, path)
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            return [f"{path}: not an object"]
        return [line for key in value for line in problems(value[key], arguments[1], f"{path}.{key}")]
    if origin is not None and not isinstance(origin, type):
        return [f"{path}: cannot check against {kind}"]
    if origin is not None or getattr(kind, "__name__", "") == "SequenceNotStr":
        if not isinstance(value, list):
            return [f"{path}: not a list"]
        inner = arguments[0] if arguments else object
        return [line for at, item in enumerate(value) for line in problems(item, inner, f"{path}[{at}]")]
    if kind is type(None):
        return [] if value is None else [f"{path}: not null"]
    expected = NUMBERS.get(kind, kind)
    fits = isinstance(value, expected) and (kind is bool or not isinstance(value, bool))
    return [] if fits else [f"{path}: {value!r} is no {kind.__name__}"]


def union(value, kinds, path):
    """The problems of the alternative that was meant: the one whose `type` or `role` fits, or has fewest problems."""
    found = []
    for kind in kinds:
        lines = problems(value, kind, path)
        if not lines:
            return []
        meant = not any(line.startswith((f"{path}:", f"{path}.type:", f"{path}.role:")) for line in lines)
        found.append((not meant, len(lines), lines))
    return min(found, key=lambda one: one[:2])[2]


def typed_dict(value, kind, path):
    if not isinstance(value, dict):
        return [f"{path}: not an object"]
    hints = extensions.get_type_hints(kind, include_extras=True)
    lines = [f"{path}.{key}: missing" for key in kind.__required_keys__ if key not in value]
    for key, item in value.items():
        if key in hints:
            lines += problems(item, hints[key], f"{path}.{key}")
        elif (getattr(kind, "__pydantic_config__", None) or {}).get("extra") != "allow":
            lines.append(f"{path}.{key}: unknown")
    return lines
