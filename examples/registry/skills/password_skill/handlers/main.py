"""Passwords: tools of the skill. Randomness comes from the operating system, by `secrets`."""
from __future__ import annotations

import functools
import math
import secrets
import string
from pathlib import Path
from typing import Any

try:
    from adaos.sdk.core.decorators import tool
except ImportError:  # outside AdaOS: the tools are plain functions

    def tool(*_args: Any, **_kwargs: Any):
        return lambda function: function


LANGUAGES = ("en", "ru")
SYMBOLS = "!#$%&*+-=?@^_"
SIMILAR = frozenset("0O1lI5S8B2Z")


@functools.cache
def word_list(language: str) -> tuple[str, ...]:
    """256 words, one a line, sorted."""
    path = Path(__file__).with_name(f"words_{language}.txt")
    return tuple(path.read_text(encoding="utf-8").split())


def _refusal(code: str, message: str) -> dict[str, Any]:
    return {"ok": False, "error": code, "message": message}


@tool("make_passphrase")
def make_passphrase(words: int = 6, language: str = "en", separator: str = "-") -> dict[str, Any]:
    """Make a passphrase of random words."""
    if not 4 <= words <= 20:
        return _refusal("bad_length", "a passphrase has from 4 to 20 words")
    if language not in LANGUAGES:
        return _refusal("unknown_language", f"there are word lists for {', '.join(LANGUAGES)}")
    if len(separator) > 3:
        return _refusal("bad_separator", "a separator has at most 3 characters")
    choices = word_list(language)
    phrase = separator.join(secrets.choice(choices) for _ in range(words))
    return {"ok": True, "passphrase": phrase, "bits": round(words * math.log2(len(choices)), 1)}


@tool("make_password")
def make_password(
    length: int = 20, symbols: bool = True, avoid_similar: bool = False
) -> dict[str, Any]:
    """Make a password with at least one character of each class."""
    if not 8 <= length <= 128:
        return _refusal("bad_length", "a password has from 8 to 128 characters")
    classes = [string.ascii_lowercase, string.ascii_uppercase, string.digits]
    if symbols:
        classes.append(SYMBOLS)
    if avoid_similar:
        classes = ["".join(c for c in each if c not in SIMILAR) for each in classes]
    alphabet = "".join(classes)
    # Drawn anew until every class is there: the classes then say nothing about positions.
    while True:
        drawn = [secrets.choice(alphabet) for _ in range(length)]
        if all(any(c in each for c in drawn) for each in classes):
            break
    return {
        "ok": True,
        "password": "".join(drawn),
        "bits": round(math.log2(_passwords(classes, length)), 1),
    }


def _passwords(classes: list[str], length: int) -> int:
    """How many strings of this length hold every class, by inclusion and exclusion."""
    total = 0
    for chosen in range(1 << len(classes)):
        left_out = [each for index, each in enumerate(classes) if chosen >> index & 1]
        size = sum(map(len, classes)) - sum(map(len, left_out))
        total += (-1) ** len(left_out) * size**length
    return total
