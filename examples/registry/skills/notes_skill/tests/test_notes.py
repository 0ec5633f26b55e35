import json
import os
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from handlers import main
from handlers.main import add_note, delete_note, list_notes, update_note


class WithDataFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name).resolve()
        environment = {"ADAOS_SKILL_ENV_PATH": str(self.data / "db" / "skill_env.json")}
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)
        self.file = self.data / "files" / "notes.json"


class Notes(WithDataFolder):
    def test_there_are_none_at_first_and_reading_makes_no_file(self):
        self.assertEqual(list_notes(), {"ok": True, "notes": [], "total": 0})
        self.assertFalse(self.file.exists())

    def test_newest_note_comes_first(self):
        add_note("milk")
        add_note("bread")
        self.assertEqual([note["text"] for note in list_notes()["notes"]], ["bread", "milk"])

    def test_finds_by_every_word_whatever_the_case(self):
        add_note("Купить молоко и Хлеб")
        add_note("купить билеты")
        self.assertEqual(list_notes("КУПИТЬ хлеб")["total"], 1)
        self.assertEqual(list_notes("купить")["total"], 2)

    def test_finds_by_tag_and_keeps_each_tag_once(self):
        note = add_note("call", [" Home ", "home", "", "phone"])["note"]
        self.assertEqual(note["tags"], ["Home", "phone"])
        self.assertEqual(list_notes(tag="HOME")["total"], 1)
        self.assertEqual(list_notes(tag="work")["total"], 0)

    def test_total_counts_past_the_limit(self):
        for number in range(5):
            add_note(f"note {number}")
        answer = list_notes(limit=2)
        self.assertEqual((len(answer["notes"]), answer["total"]), (2, 5))

    def test_update_replaces_only_what_is_given(self):
        note = add_note("draft", ["a"])["note"]
        changed = update_note(note["id"], text="final")["note"]
        self.assertEqual((changed["text"], changed["tags"]), ("final", ["a"]))
        self.assertIsNotNone(changed["updated_at"])

    def test_an_id_is_never_used_again(self):
        first = add_note("one")["note"]["id"]
        delete_note(first)
        self.assertNotEqual(add_note("two")["note"]["id"], first)

    def test_unknown_note_is_refused_and_nothing_is_written(self):
        add_note("one")
        before = self.file.read_bytes()
        self.assertEqual(delete_note(77)["error"], "unknown_note")
        self.assertEqual(update_note(77, text="x")["error"], "unknown_note")
        self.assertEqual(self.file.read_bytes(), before)

    def test_refuses_empty_and_oversized_input(self):
        self.assertEqual(add_note("  ")["error"], "empty_text")
        self.assertEqual(add_note("x" * 10_001)["error"], "text_too_long")
        self.assertEqual(add_note("x", [str(n) for n in range(17)])["error"], "too_many_tags")
        self.assertFalse(self.file.exists())


class Storage(WithDataFolder):
    def test_a_failure_while_writing_keeps_the_old_notes(self):
        add_note("kept")
        with mock.patch.object(main.os, "replace", side_effect=OSError("disk full")):
            with self.assertRaises(OSError):
                add_note("lost")
        self.assertEqual([note["text"] for note in list_notes()["notes"]], ["kept"])
        self.assertEqual(
            sorted(path.name for path in self.file.parent.iterdir()), [".notes.lock", "notes.json"])

    def test_a_damaged_file_is_refused_and_left_alone(self):
        self.file.parent.mkdir(parents=True)
        for damage in ('{"version": 1, "notes": [', "[]", '{"version": 9, "notes": []}'):
            with self.subTest(damage=damage):
                self.file.write_text(damage, encoding="utf-8")
                with self.assertRaises(main.NotesUnreadable):
                    add_note("new")
                self.assertEqual(self.file.read_text(encoding="utf-8"), damage)

    def test_writers_at_once_lose_nothing(self):
        threads = [threading.Thread(target=add_note, args=(f"note {n}",)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(list_notes()["total"], 16)
        state = json.loads(self.file.read_text(encoding="utf-8"))
        self.assertEqual(len({note["id"] for note in state["notes"]}), 16)


if __name__ == "__main__":
    unittest.main()
