"""Checks parameters against the types that Stripe's SDK declares, so what passes here passes at Stripe."""

import sys
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NotRequired,
    Required,
    Union,
    cast,
    get_args,
    get_origin,
)
from urllib.parse import parse_qsl

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import TypedDict, is_typeddict

from shopfolio.ecommerce.simulator.errors import StripeError

Params = dict[str, Any]
MOST_PAIRS = 2_000
MOST_DEPTH = 8


def parse_form(text: str) -> Params:
    """Turn "a[b][0]=c" into {"a": {"b": {"0": "c"}}}; lists stay dicts until their type is known."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MOST_PAIRS)
    except ValueError as error:
        raise StripeError("Invalid request: the form could not be read.") from error
    tree: Params = {}
    for name, value in pairs:
        _put(tree, name, value)
    return tree


def _put(tree: Params, name: str, value: str) -> None:
    head, *rest = name.replace("]", "").split("[")
    if len(rest) > MOST_DEPTH or name != head + "".join(f"[{part}]" for part in rest):
        raise StripeError(f"Invalid parameter name: {name}", param=name)
    keys = [head, *rest]
    for key in keys[:-1]:
        tree = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise StripeError(f"Invalid object: {name}", param=name)
    last = keys[-1] or str(len(tree))
    if last in tree:
        raise StripeError(f"Parameter given twice: {name}", param=name)
    tree[last] = value


def _listed(value: object) -> object:
    if not isinstance(value, dict):
        raise PydanticCustomError("stripe_array", "Invalid array")
    if set(value) != {str(index) for index in range(len(value))}:
        raise PydanticCustomError("stripe_array", "Invalid array")
    return [value[str(index)] for index in range(len(value))]


def _whole(value: object) -> object:
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise PydanticCustomError("stripe_integer", "Invalid integer: {given}", {"given": str(value)})
    return int(cast("str", value))


def _flag(value: object) -> object:
    if value not in {"true", "false"}:
        raise PydanticCustomError("stripe_boolean", "Invalid boolean: {given}", {"given": str(value)})
    return value == "true"


@cache
def adapter(declared: type) -> TypeAdapter[Any]:
    """The validator of one of the SDK's parameter types (stripe.params…)."""
    return TypeAdapter(_strict_dict(declared))


@cache
def _strict_dict(declared: type) -> Any:
    """The same TypedDict with no further keys, without what tells the SDK how to send the request."""
    module = vars(sys.modules[declared.__module__])
    fields = {
        name: _strict(annotation, module)
        for name, annotation in declared.__annotations__.items()
        if name not in RequestOptions.__annotations__
    }
    # The functional form, because the fields are only known now.
    made = TypedDict(declared.__name__, fields)  # type: ignore[misc]
    made.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    return made


def _strict(declared: Any, module: dict[str, Any]) -> Any:
    if isinstance(declared, ForwardRef):
        declared = declared.__forward_arg__
    if isinstance(declared, str):
        return _strict(eval(declared, module), module)  # noqa: S307 - the SDK's own annotation
    if is_typeddict(declared):
        return _strict_dict(declared)
    origin, inner = get_origin(declared), get_args(declared)
    if origin in (NotRequired, Required):
        return origin[_strict(inner[0], module)]
    if origin in (Union, UnionType):
        return Union[tuple(_strict(part, module) for part in _closed(inner))]  # noqa: UP007 - built at run time
    if origin is list:
        return Annotated[list[_strict(inner[0], module)], BeforeValidator(_listed)]  # type: ignore[misc]
    if origin in (dict, UntypedStripeObject):
        return dict[str, _strict(inner[-1], module)]  # type: ignore[misc]
    return {int: Annotated[int, BeforeValidator(_whole)], bool: Annotated[bool, BeforeValidator(_flag)]}.get(
        declared, declared
    )


def _closed(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The SDK writes `Literal["payment"] | str` to stay open for later values; Stripe refuses them today."""
    named = [part for part in parts if get_origin(part) is Literal and set(get_args(part)) != {""}]
    return tuple(part for part in parts if not (named and part is str))


def checked(declared: type, given: Params) -> Params:
    """The parameters with numbers, booleans and lists as such. Raises StripeError as Stripe words it."""
    try:
        return cast("Params", adapter(declared).validate_python(given))
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False), given) from error


def _refusal(faults: list[ErrorDetails], given: Params) -> StripeError:
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    param = _param(fault["loc"], given, is_missing=fault["type"] == "missing")
    match fault["type"]:
        case "extra_forbidden":
            return StripeError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)
        case "missing":
            return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
        case "stripe_integer":
            return StripeError(fault["msg"], code="parameter_invalid_integer", param=param)
        case "literal_error":
            expected = fault["ctx"]["expected"].replace("'", "")
            return StripeError(f"Invalid {param}: must be one of {expected}", param=param)
        case "string_type":
            return StripeError("Invalid string", code="parameter_invalid_string", param=param)
        case "dict_type" | "typed_dict_type":
            return StripeError("Invalid object", param=param)
        case _:
            return StripeError(fault["msg"], param=param)


def _param(path: tuple[int | str, ...], given: object, *, is_missing: bool) -> str:
    """The parameter's name as it was sent; pydantic's path also names the branches of unions."""
    found: list[str] = []
    for step in path:
        if isinstance(given, dict) and str(step) in given:
            given = given[str(step)]
            found.append(str(step))
    if is_missing:
        found.append(str(path[-1]))
    return found[0] + "".join(f"[{name}]" for name in found[1:]) if found else str(path[0])
