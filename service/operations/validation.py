"""What a model finds wrong with its values, as messages: the words of pydantic, which has them in English only."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from service.wording import Message, say

_Context = Mapping[str, Any]
_SAID: Mapping[str, Callable[[_Context], Message]] = MappingProxyType(
    {
        "missing": lambda _: say("Field required"),
        "extra_forbidden": lambda _: say("Extra inputs are not permitted"),
        "none_required": lambda _: say("Input should be null"),
        "model_type": lambda _: say("Input should be an object"),
        "model_attributes_type": lambda _: say("Input should be an object"),
        "dict_type": lambda _: say("Input should be an object"),
        "list_type": lambda _: say("Input should be a valid array"),
        "tuple_type": lambda _: say("Input should be a valid array"),
        "string_type": lambda _: say("Input should be a valid string"),
        "string_unicode": lambda _: say("Input should be a valid string"),
        "bool_type": lambda _: say("Input should be a valid boolean"),
        "bool_parsing": lambda _: say("Input should be a valid boolean, unable to interpret input"),
        "int_type": lambda _: say("Input should be a valid integer"),
        "int_parsing": lambda _: say("Input should be a valid integer, unable to parse string as an integer"),
        "int_parsing_size": lambda _: say("Unable to parse input string as an integer, exceeded maximum size"),
        "int_from_float": lambda _: say("Input should be a valid integer, got a number with a fractional part"),
        "float_type": lambda _: say("Input should be a valid number"),
        "float_parsing": lambda _: say("Input should be a valid number, unable to parse string as a number"),
        "finite_number": lambda _: say("Input should be a finite number"),
        "decimal_type": lambda _: say("Input should be a valid decimal"),
        "decimal_parsing": lambda _: say("Input should be a valid decimal"),
        "decimal_max_digits": lambda of: say("At most {max_digits} digits in total are taken", **of),
        "decimal_max_places": lambda of: say("At most {decimal_places} decimal places are taken", **of),
        "decimal_whole_digits": lambda of: say("At most {whole_digits} digits before the point are taken", **of),
        "greater_than": lambda of: say("Input should be greater than {gt}", **of),
        "greater_than_equal": lambda of: say("Input should be greater than or equal to {ge}", **of),
        "less_than": lambda of: say("Input should be less than {lt}", **of),
        "less_than_equal": lambda of: say("Input should be less than or equal to {le}", **of),
        "multiple_of": lambda of: say("Input should be a multiple of {multiple_of}", **of),
        "too_short": lambda of: say("At least {min_length} items are needed, not {actual_length}", **of),
        "too_long": lambda of: say("At most {max_length} items are taken, not {actual_length}", **of),
        "string_too_short": lambda of: say("At least {min_length} characters are needed", **of),
        "string_too_long": lambda of: say("At most {max_length} characters are taken", **of),
        "string_pattern_mismatch": lambda of: say("String should match pattern '{pattern}'", **of),
        "enum": lambda of: say("Input should be one of {expected}", **of),
        "literal_error": lambda of: say("Input should be one of {expected}", **of),
        "date_type": lambda _: say("Input should be a valid date"),
        "date_parsing": lambda _: say("Input should be a valid date in the format YYYY-MM-DD"),
        "date_from_datetime_parsing": lambda _: say("Input should be a valid date in the format YYYY-MM-DD"),
        "datetime_type": lambda _: say("Input should be a valid datetime"),
        "datetime_parsing": lambda _: say("Input should be a valid datetime"),
        "datetime_from_date_parsing": lambda _: say("Input should be a valid datetime"),
        "timezone_aware": lambda _: say("Input should have timezone info"),
    }
)


def found_wrong(one: Mapping[str, Any]) -> Message:
    """Of one of pydantic's errors. What a validator of ours raised is told as it is; a kind unknown here in English."""
    context = one.get("ctx", {})
    if one["type"] == "value_error" and (given := context["error"].args) and isinstance(given[0], Message):
        return given[0]
    if one["type"] not in _SAID:
        return Message.kept(one["msg"])
    return _SAID[one["type"]]({name: _plain(value) for name, value in context.items()})


def _plain(value: Any) -> str | int | float:
    if isinstance(value, str):
        return value.replace("' or '", "', '")  # of the words that are allowed
    return value if isinstance(value, int | float) else str(value)
