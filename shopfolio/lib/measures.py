"""Measures that no line's end parts: a number and its unit, and the two sides of a sheet."""

import re

UNITS = "µm|mm|cm|dm|m|km|mg|g|kg|t|ml|cl|l|s|min|h|Hz|kHz|px|pt|dpi|KB|MB|GB|W|kW|kWh|V|%|°C"
GAP = re.compile(rf"(?<=\d) (?=(?:{UNITS})(?!\w))|(?<=\d) (?=×)|(?<=\d ×) (?=\d)")


def hold_together(text: str) -> str:
    return GAP.sub("\u00a0", text)
