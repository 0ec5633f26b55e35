"""Timers: tools of the skill. A timer is a moment kept in timers.json, not a thread."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from adaos.sdk.core.decorators import subscribe, tool
except ImportError:  # outside AdaOS: the tools are plain functions

    def tool(*_args: Any, **_kwargs: Any):
        return lambda function: function

    subscribe = tool


SKILL = "timer_skill"
DURATION_S_MAX = 7 * 24 * 3600
TIMERS_MAX = 100
FINISHED_KEPT_S = 24 * 3600

# The longest prefix wins: "мин" before "м".
_UNIT_S = {
    "d": 86400, "day": 86400, "д": 86400, "сут": 86400,
    "h": 3600, "hour": 3600, "ч": 3600, "час": 3600,
    "m": 60, "min": 60, "м": 60, "мин": 60,
    "s": 1, "sec": 1, "с": 1, "сек": 1,
}  # fmt: skip
_PART = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)\.?\s*")


def parse_duration(text: str | float) -> float | None:
    """Seconds, or None when the text is not a duration."""
    if isinstance(text, bool):
        return None
    if isinstance(text, (int, float)):
        return float(text)
    text, position, seconds, parts = str(text).casefold(), 0, 0.0, 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            return None
        number, word = float(part[1].replace(",", ".")), part[2]
        scale = 1 if not word else _scale(word)
        if scale is None or (not word and parts > 0):
            return None
        seconds, position, parts = seconds + number * scale, part.end(), parts + 1
    return seconds if parts else None


def _scale(word: str) -> int | None:
    """Seconds in a unit by any of its forms: h, hours, час, часа, часов."""
    if word in _UNIT_S:
        return _UNIT_S[word]
    stems = [stem for stem in _UNIT_S if len(stem) >= 3 and word.startswith(stem)]
    return _UNIT_S[max(stems, key=len)] if stems else None


def data_folder() -> Path:
    """AdaOS names <data>/db/skill_env.json; elsewhere the user's own data folder serves."""
    environment = os.environ.get("ADAOS_SKILL_ENV_PATH", "").strip()
    if environment:
        return Path(environment).resolve().parent.parent / "files"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "adaos" / SKILL


def _read() -> dict[str, Any]:
    try:
        return json.loads((data_folder() / "timers.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"version": 1, "next_id": 1, "timers": []}


@contextlib.contextmanager
def _change() -> Iterator[dict[str, Any]]:
    """The state under a lock of all processes; replaced as a whole when the block ends well."""
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".timers.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = _read()
        yield state
        handle, name = tempfile.mkstemp(prefix=".timers.", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(state, file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, folder / "timers.json")


def _shown(timer: dict[str, Any], now: float) -> dict[str, Any]:
    left = max(0.0, timer["ends_at"] - now)
    return {**timer, "left_s": round(left, 1), "finished": left == 0}


@tool("start_timer")
def start_timer(duration: str | float, name: str | None = None) -> dict[str, Any]:
    """Start a timer."""
    seconds = parse_duration(duration)
    if seconds is None:
        hint = "say it like 90, 45 min or 1h 30m"
        return {"ok": False, "error": "bad_duration", "message": f"'{duration}' is no duration; {hint}"}
    if not 1 <= seconds <= DURATION_S_MAX:
        return {"ok": False, "error": "bad_duration", "message": "from one second to seven days"}
    now = time.time()
    with _change() as state:
        if len(state["timers"]) >= TIMERS_MAX:
            return {"ok": False, "error": "too_many_timers", "message": f"{TIMERS_MAX} are running"}
        timer = {
            "id": state["next_id"],
            "name": (name or "").strip()[:100] or f"timer {state['next_id']}",
            "duration_s": seconds,
            "ends_at": now + seconds,
        }
        state["next_id"] += 1
        state["timers"].append(timer)
    return {"ok": True, "timer": _shown(timer, now)}


@tool("list_timers")
def list_timers() -> dict[str, Any]:
    """List timers, the next to ring first."""
    now = time.time()
    timers = sorted(_read()["timers"], key=lambda timer: timer["ends_at"])
    return {"ok": True, "timers": [_shown(timer, now) for timer in timers]}


@tool("cancel_timer")
def cancel_timer(timer_id: int) -> dict[str, Any]:
    """Cancel a timer."""
    with _change() as state:
        left = [timer for timer in state["timers"] if timer["id"] != timer_id]
        found = len(left) < len(state["timers"])
        state["timers"] = left
    if not found:
        return {"ok": False, "error": "unknown_timer", "message": f"there is no timer {timer_id}"}
    return {"ok": True, "timer_id": timer_id}


@tool("collect_finished")
def collect_finished() -> dict[str, Any]:
    """Return the timers that have rung, and forget them."""
    now = time.time()
    with _change() as state:
        rung = [timer for timer in state["timers"] if timer["ends_at"] <= now]
        state["timers"] = [timer for timer in state["timers"] if timer["ends_at"] > now]
    return {"ok": True, "timers": [_shown(timer, now) for timer in rung]}


@subscribe("sys.ready")
def on_ready(_event: Any = None) -> None:
    """Drop timers that nobody collected for a day."""
    oldest = time.time() - FINISHED_KEPT_S
    if any(timer["ends_at"] < oldest for timer in _read()["timers"]):
        with _change() as state:
            state["timers"] = [timer for timer in state["timers"] if timer["ends_at"] >= oldest]
