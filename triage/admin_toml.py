"""Parts of a policy as TOML that a person can edit: one entry to a line, keys in a fixed order.

The row keeps its rules as JSON, which has neither comments nor an order of keys; what is written
here reads back as the same values.
"""

import json
import re

WIDTH = 100
_BARE = re.compile(r"^[A-Za-z0-9_-]+$")
# What a rule is about stands first; keys not named here follow by the alphabet.
_FIRST = (
    *("raises", "key", "reason", "grade", "when", "say", "text", "why", "value", "label"),
    *("equals", "at_most", "at_least", "time", "elements", "options", "patterns", "unless"),
)


def written(tables: dict, spread=False) -> str:
    """``tables`` as TOML. With ``spread`` every list has a line for each entry."""
    plain = {k: v for k, v in tables.items() if not isinstance(v, dict) and not _is_rows(v)}
    blocks = [_lines(plain, spread)] if plain else []
    for key, value in tables.items():
        if isinstance(value, dict):
            blocks.append([f"[{_key(key)}]", *_lines(value, spread)])
        elif _is_rows(value):
            blocks += [[f"[[{_key(key)}]]", *_lines(row, spread)] for row in value]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n" if blocks else ""


def line_of(text: str, words: str, start=0, end=None) -> int | None:
    """The number, from 1, of the first line of ``text`` with ``words``, between two such places."""
    sought = (words, json.dumps(words, ensure_ascii=False)[1:-1])
    lines = text.splitlines()
    for number, line in enumerate(lines[start:end], start + 1):
        if any(each in line for each in sought):
            return number
    return None


def rows_at(text: str, key: str) -> list[int]:
    """The number, from 1, of each line that begins a table of ``key``."""
    header = re.compile(rf"^\s*\[\[\s*{re.escape(key)}\s*\]\]")
    return [n for n, line in enumerate(text.splitlines(), 1) if header.match(line)]


def _is_rows(value):
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _lines(table, spread):
    return [
        f"{_key(key)} = {line}" if not number else line
        for key, value in _ordered(table)
        for number, line in enumerate(_value(value, spread).split("\n"))
    ]


def _ordered(table):
    return sorted(
        table.items(),
        key=lambda item: (_FIRST.index(item[0]) if item[0] in _FIRST else len(_FIRST), item[0]),
    )


def _key(key):
    return key if _BARE.match(key) else _string(key)


def _value(value, spread=False):
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in _ordered(value))
        return f"{{ {inside} }}" if inside else "{}"
    inline = "[" + ", ".join(_value(v) for v in value) + "]"
    if len(value) < 2 or (not spread and len(inline) <= WIDTH and not _is_rows(value)):
        return inline
    return "[\n" + "".join(f"  {_value(v)},\n" for v in value) + "]"


def _text(value):
    if "\n" in value and not re.search(r'"""|\\|[^\n\x20-\x7e\xa0-\uffff]', value):
        return f'"""\n{value}"""'
    return _string(value)


def _string(value):
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
