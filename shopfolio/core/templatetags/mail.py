import textwrap

from django import template

register = template.Library()


@register.filter
def quoted(text: str) -> str:
    """A visitor's words in a plain mail: each line marked, so that they are never taken for ours."""
    lines = [
        part for line in text.splitlines() for part in textwrap.wrap(line, 68, break_long_words=False) or [""]
    ]
    return "\n".join(f"> {line}" for line in lines)
