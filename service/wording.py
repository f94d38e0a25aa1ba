"""What the service tells people: English text that remembers what it was made of, to be said in other languages.

`say("There is no form {form!r}.", form=name)` is that text, for logs and for what is stored as for whoever compares it.
`service.forms.languages.worded` says it in a language: it finds the template in the catalogue, and puts the values in.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

Value = str | int | float


class Message(str):
    """English text, with the template and the values that it was made of. A value may be a message itself."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Value]

    def __new__(cls, text: str, template: str, values: Mapping[str, Value]) -> Self:
        made = super().__new__(cls, text)
        made.template, made.values = template, values
        return made

    def parts(self) -> list[Any]:
        """Template and values, as JSON keeps them beside the text; a value that is a message begins with its text."""
        values = {
            name: [str(value), *value.parts()] if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return [self.template, values]

    @classmethod
    def kept(cls, text: str, parts: Any = None) -> Self:
        """What was kept. Parts that make no sense are passed over: another process or an earlier release wrote them."""
        match parts:
            case [str(template), dict(values)]:
                return cls(text, template, {name: _value(value) for name, value in values.items()})
            case _:
                return cls(text, text, {})


def say(template: str, /, **values: Value) -> Message:
    """The message that a template with these values makes. The template is written out, so that catalogues have it."""
    return Message(template.format_map(values), template, values)


def listing(found: Sequence[tuple[str, Message]]) -> Message:
    """The first three of what was found, each with its place, and how many more there are."""
    told = [say("{place}: {message}", place=place, message=message) for place, message in found[:3]]
    said = told[0]
    for one in told[1:]:
        said = say("{before}; {message}", before=said, message=one)
    more = len(found) - len(told)
    return say("{before}; and {count} more", before=said, count=more) if more else said


def _value(kept: Any) -> Value:
    match kept:
        case [str(text), *parts]:
            return Message.kept(text, parts)
        case str() | int() | float():
            return kept
        case _:
            return str(kept)
