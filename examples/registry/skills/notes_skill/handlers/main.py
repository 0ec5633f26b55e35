"""Notes: tools of the skill. The truth is notes.json in the skill's data folder."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

try:
    from adaos.sdk.core.decorators import tool
except ImportError:  # outside AdaOS: the tools are plain functions

    def tool(*_args: Any, **_kwargs: Any):
        return lambda function: function


SKILL = "notes_skill"
TEXT_CHARACTERS_MAX = 10_000
TAGS_MAX = 16


class NotesUnreadable(Exception):
    """notes.json is there but is not what this skill wrote."""


def data_folder() -> Path:
    """AdaOS names <data>/db/skill_env.json; elsewhere the user's own data folder serves."""
    environment = os.environ.get("ADAOS_SKILL_ENV_PATH", "").strip()
    if environment:
        return Path(environment).resolve().parent.parent / "files"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "adaos" / SKILL


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _read(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"version": 1, "next_id": 1, "notes": []}
    except ValueError as error:
        raise NotesUnreadable(f"cannot read {path}: {error}") from error
    if not isinstance(state, dict) or state.get("version") != 1 or "notes" not in state:
        raise NotesUnreadable(f"cannot read {path}: it is not a notes file of version 1")
    return state


def _write(path: Path, state: dict[str, Any]) -> None:
    """Temporary file, fsync, rename, fsync of the folder: the old file or the new one, always."""
    handle, name = tempfile.mkstemp(prefix=".notes.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(state, file, ensure_ascii=False, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _change() -> Iterator[dict[str, Any]]:
    """The state under a lock of all processes; written when the block ends without an error."""
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".notes.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = _read(folder / "notes.json")
        yield state
        _write(folder / "notes.json", state)


def _tags(tags: list[str] | None) -> list[str]:
    """Trimmed, in the order given, without repeats in any case."""
    seen: dict[str, str] = {}
    for tag in tags or []:
        tag = str(tag).strip()
        if tag:
            seen.setdefault(tag.casefold(), tag)
    return list(seen.values())


def _refusal(code: str, message: str) -> dict[str, Any]:
    return {"ok": False, "error": code, "message": message}


def _check(text: str | None, tags: list[str] | None) -> dict[str, Any] | None:
    if text is not None and not text.strip():
        return _refusal("empty_text", "a note needs some text")
    if text is not None and len(text) > TEXT_CHARACTERS_MAX:
        return _refusal("text_too_long", f"{len(text)} characters; {TEXT_CHARACTERS_MAX} are allowed")
    if len(_tags(tags)) > TAGS_MAX:
        return _refusal("too_many_tags", f"{len(_tags(tags))} tags; {TAGS_MAX} are allowed")
    return None


def _missing(note_id: int) -> dict[str, Any]:
    return _refusal("unknown_note", f"there is no note {note_id}; list_notes shows what there is")


class _Unknown(Exception):
    """Ends a change without writing."""


def _position(state: dict[str, Any], note_id: int) -> int:
    for index, note in enumerate(state["notes"]):
        if note["id"] == note_id:
            return index
    raise _Unknown


@tool("add_note")
def add_note(text: str, tags: list[str] | None = None) -> dict[str, Any]:
    """Keep a new note."""
    if refused := _check(text, tags):
        return refused
    with _change() as state:
        note = {
            "id": state["next_id"],
            "text": text.strip(),
            "tags": _tags(tags),
            "created_at": _now(),
            "updated_at": None,
        }
        state["next_id"] += 1
        state["notes"].append(note)
    return {"ok": True, "note": note}


@tool("list_notes")
def list_notes(
    query: str | None = None, tag: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """List notes, newest first."""
    words = (query or "").casefold().split()
    wanted = tag.strip().casefold() if tag else None
    found = [
        note
        for note in reversed(_read(data_folder() / "notes.json")["notes"])
        if all(word in note["text"].casefold() for word in words)
        and (wanted is None or wanted in (each.casefold() for each in note["tags"]))
    ]
    return {"ok": True, "notes": found[: max(1, min(limit, 500))], "total": len(found)}


@tool("update_note")
def update_note(
    note_id: int, text: str | None = None, tags: list[str] | None = None
) -> dict[str, Any]:
    """Replace the text or the tags of a note."""
    if refused := _check(text, tags):
        return refused
    try:
        with _change() as state:
            note = state["notes"][_position(state, note_id)]
            if text is not None:
                note["text"] = text.strip()
            if tags is not None:
                note["tags"] = _tags(tags)
            note["updated_at"] = _now()
    except _Unknown:
        return _missing(note_id)
    return {"ok": True, "note": note}


@tool("delete_note")
def delete_note(note_id: int) -> dict[str, Any]:
    """Delete a note for good."""
    try:
        with _change() as state:
            del state["notes"][_position(state, note_id)]
    except _Unknown:
        return _missing(note_id)
    return {"ok": True, "note_id": note_id}
