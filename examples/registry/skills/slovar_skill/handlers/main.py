"""Словарь: инструменты навыка. Слова хранятся в slovar.json, ключ — слово без регистра и ё."""
from __future__ import annotations

import contextlib
import difflib
import fcntl
import json
import os
import secrets
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from adaos.sdk.core.decorators import tool
except ImportError:  # вне AdaOS инструменты — обычные функции

    def tool(*_args: Any, **_kwargs: Any):
        return lambda function: function


SKILL = "slovar_skill"
WORD_CHARACTERS_MAX = 100
MEANING_CHARACTERS_MAX = 2000
_ALPHABET = {letter: rank for rank, letter in enumerate("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")}


def data_folder() -> Path:
    """AdaOS называет <data>/db/skill_env.json; иначе служит папка данных пользователя."""
    environment = os.environ.get("ADAOS_SKILL_ENV_PATH", "").strip()
    if environment:
        return Path(environment).resolve().parent.parent / "files"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "adaos" / SKILL


def _key(word: str) -> str:
    return unicodedata.normalize("NFC", word).strip().casefold().replace("ё", "е")


def _order(word: str) -> list[tuple[int, str]]:
    """По русскому алфавиту; прочие знаки перед ним."""
    return [(_ALPHABET.get(letter, -1), letter) for letter in word.casefold()]


def _read() -> dict[str, dict[str, str]]:
    try:
        return json.loads((data_folder() / "slovar.json").read_text(encoding="utf-8"))["words"]
    except FileNotFoundError:
        return {}


@contextlib.contextmanager
def _change() -> Iterator[dict[str, dict[str, str]]]:
    """Слова под замком для всех процессов; файл заменяется целиком, если блок кончился хорошо."""
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".slovar.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        words = _read()
        yield words
        handle, name = tempfile.mkstemp(prefix=".slovar.", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "words": words}, file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, folder / "slovar.json")


def _refusal(code: str, message: str) -> dict[str, Any]:
    return {"ok": False, "error": code, "message": message}


@tool("add_word")
def add_word(word: str, meaning: str) -> dict[str, Any]:
    """Записать слово с толкованием или заменить толкование."""
    word, meaning = word.strip(), meaning.strip()
    if not word or not meaning:
        return _refusal("empty_text", "нужны и слово, и толкование")
    if len(word) > WORD_CHARACTERS_MAX or len(meaning) > MEANING_CHARACTERS_MAX:
        return _refusal("text_too_long", "слово до 100 знаков, толкование до 2000")
    with _change() as words:
        replaced = _key(word) in words
        words[_key(word)] = {"word": word, "meaning": meaning}
    return {"ok": True, "word": word, "replaced": replaced}


@tool("find_word")
def find_word(word: str) -> dict[str, Any]:
    """Найти слово; при опечатке предложить похожие."""
    words = _read()
    if found := words.get(_key(word)):
        return {"ok": True, **found}
    near = [words[key]["word"] for key in difflib.get_close_matches(_key(word), words, n=3)]
    hint = f"; похожие: {', '.join(near)}" if near else ""
    return {**_refusal("unknown_word", f"слова «{word.strip()}» нет{hint}"), "near": near}


@tool("list_words")
def list_words(letter: str | None = None) -> dict[str, Any]:
    """Слова на букву или все, по алфавиту."""
    start = _key(letter or "")
    words = [entry["word"] for key, entry in _read().items() if key.startswith(start)]
    return {"ok": True, "words": sorted(words, key=_order)}


@tool("remove_word")
def remove_word(word: str) -> dict[str, Any]:
    """Удалить слово."""
    with _change() as words:
        removed = words.pop(_key(word), None)
    if removed is None:
        return _refusal("unknown_word", f"слова «{word.strip()}» нет")
    return {"ok": True, "word": removed["word"]}


@tool("quiz")
def quiz(choices: int = 4) -> dict[str, Any]:
    """Толкование и слова на выбор, одно из них верное."""
    entries = list(_read().values())
    choices = max(2, min(choices, 6))
    if len(entries) < choices:
        return _refusal("too_few_words", f"в словаре {len(entries)} слов, нужно хотя бы {choices}")
    asked = secrets.SystemRandom().sample(entries, choices)
    answer = secrets.choice(asked)
    return {
        "ok": True,
        "meaning": answer["meaning"],
        "choices": [entry["word"] for entry in asked],
        "answer": answer["word"],
    }
