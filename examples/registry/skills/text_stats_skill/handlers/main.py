"""Text statistics: tools of the skill. Pure functions of the text."""
from __future__ import annotations

import re
from collections import Counter
from typing import Any

try:
    from adaos.sdk.core.decorators import tool
except ImportError:  # outside AdaOS: the tools are plain functions

    def tool(*_args: Any, **_kwargs: Any):
        return lambda function: function


CHARACTERS_MAX = 1_000_000
WORDS_PER_MINUTE = 200
REPEAT_DISTANCE_WORDS = 10

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'»”)]*(?=\s|$)")
# A full stop after these does not end a sentence.
_ABBREVIATIONS = frozenset("e.g i.e etc mr mrs dr vs т е д п г ул им напр см руб".split())
_FUNCTION_WORDS = frozenset(
    """a an and are as at be been but by for from had has have he her his i if in is it its not of
    on or our she so that the their them they this to was we were which will with you your
    а без бы был была было были в вам вас во вот все вы где да для до его ее её если есть же за и
    из или им их к как ко когда кто ли мне мы на не нет ни но о об он она они от по при с со так
    там то тоже только ты у уже чем что чтобы это эта эти этот я""".split()
)


def _words(text: str) -> list[str]:
    return [match.group() for match in _WORD.finditer(text)]


def _sentences(text: str) -> list[str]:
    """Sentences that hold at least one word."""
    found, start = [], 0
    for end in _SENTENCE_END.finditer(text):
        before = re.search(r"([\w.]+)$", text[start : end.start()])
        short = before and before[1].casefold().rstrip(".") in _ABBREVIATIONS
        if short and end.group().startswith(".") and text[end.end() :].strip():
            continue
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if _WORD.search(sentence)]


def _too_long(text: str) -> dict[str, Any] | None:
    if len(text) <= CHARACTERS_MAX:
        return None
    message = f"{len(text)} characters; {CHARACTERS_MAX} are allowed"
    return {"ok": False, "error": "text_too_long", "message": message}


@tool("text_stats")
def text_stats(text: str) -> dict[str, Any]:
    """Count what is in the text."""
    if refused := _too_long(text):
        return refused
    words, sentences = _words(text), _sentences(text)
    longest = max(sentences, key=lambda sentence: len(_words(sentence)), default="")
    return {
        "ok": True,
        "characters": len(text),
        "characters_without_spaces": sum(not character.isspace() for character in text),
        "words": len(words),
        "different_words": len({word.casefold() for word in words}),
        "sentences": len(sentences),
        "paragraphs": sum(bool(part.strip()) for part in re.split(r"\n\s*\n", text)),
        "words_per_sentence": round(len(words) / len(sentences), 1) if sentences else 0.0,
        "longest_sentence": longest,
        "reading_time_s": round(len(words) * 60 / WORDS_PER_MINUTE),
    }


@tool("frequent_words")
def frequent_words(text: str, limit: int = 10) -> dict[str, Any]:
    """The words used most; equally frequent ones in the order of the text."""
    if refused := _too_long(text):
        return refused
    counted = Counter(
        folded
        for word in _words(text)
        if (folded := word.casefold()) not in _FUNCTION_WORDS and not folded.isdigit()
    )
    top = counted.most_common(max(1, min(limit, 100)))
    return {"ok": True, "words": [{"word": word, "count": count} for word, count in top]}


@tool("find_repeats")
def find_repeats(text: str) -> dict[str, Any]:
    """Words that come again within a few words, first occurrence aside."""
    if refused := _too_long(text):
        return refused
    last_seen: dict[str, int] = {}
    repeats = []
    for index, match in enumerate(_WORD.finditer(text)):
        word = match.group().casefold()
        if word in _FUNCTION_WORDS or len(word) < 3:
            continue
        distance = index - last_seen.get(word, index - REPEAT_DISTANCE_WORDS - 1)
        if distance <= REPEAT_DISTANCE_WORDS:
            repeats.append({"word": word, "at": match.start(), "distance_words": distance})
        last_seen[word] = index
    return {"ok": True, "repeats": repeats}
