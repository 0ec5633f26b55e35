import os
import tempfile
import unittest
from unittest import mock

from handlers import main
from handlers.main import cancel_timer, collect_finished, list_timers, parse_duration, start_timer


class Duration(unittest.TestCase):
    def test_reads_english_and_russian(self):
        for text, seconds in {
            "90": 90, 90: 90, 1.5: 1.5, "1h 30m": 5400, "1h30m": 5400, "45 min": 2700,
            "2 hours": 7200, "1,5 ч": 5400, "5 минут": 300, "2 часа 5 минут": 7500,
            "10 сек.": 10, "1 d": 86400, "3 суток": 259200,
        }.items():
            with self.subTest(text=text):
                self.assertEqual(parse_duration(text), seconds)

    def test_refuses_what_is_no_duration(self):
        for text in ("", "soon", "5 parsecs", "1h 30", "-5", "1:30", True):
            with self.subTest(text=text):
                self.assertIsNone(parse_duration(text))


class Timers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        environment = {"ADAOS_SKILL_ENV_PATH": f"{folder.name}/db/skill_env.json"}
        self.now = 1_000_000.0
        for patch in (
            mock.patch.dict(os.environ, environment),
            mock.patch.object(main.time, "time", lambda: self.now),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def names(self):
        return [timer["name"] for timer in list_timers()["timers"]]

    def test_the_next_to_ring_comes_first(self):
        start_timer("10 min", "tea")
        start_timer("5 min", "eggs")
        self.assertEqual(self.names(), ["eggs", "tea"])

    def test_time_passes_and_the_timer_rings_once(self):
        start_timer(60, "eggs")
        self.now += 59.5
        self.assertEqual(list_timers()["timers"][0]["left_s"], 0.5)
        self.assertEqual(collect_finished()["timers"], [])
        self.now += 1
        self.assertEqual([t["name"] for t in collect_finished()["timers"]], ["eggs"])
        self.assertEqual(collect_finished()["timers"], [])

    def test_a_nameless_timer_gets_a_name(self):
        self.assertEqual(start_timer(5)["timer"]["name"], "timer 1")

    def test_a_cancelled_timer_never_rings(self):
        timer = start_timer(5)["timer"]
        self.assertTrue(cancel_timer(timer["id"])["ok"])
        self.now += 10
        self.assertEqual(collect_finished()["timers"], [])
        self.assertEqual(cancel_timer(timer["id"])["error"], "unknown_timer")

    def test_refuses_too_long_too_short_and_too_many(self):
        self.assertEqual(start_timer("8 d")["error"], "bad_duration")
        self.assertEqual(start_timer(0)["error"], "bad_duration")
        for _ in range(main.TIMERS_MAX):
            start_timer(5)
        self.assertEqual(start_timer(5)["error"], "too_many_timers")
        self.assertEqual(len(self.names()), main.TIMERS_MAX)

    def test_at_start_only_long_finished_timers_are_dropped(self):
        start_timer(60, "old")
        self.now += main.FINISHED_KEPT_S
        start_timer(60, "new")
        self.now += 61
        main.on_ready()
        self.assertEqual(self.names(), ["new"])


if __name__ == "__main__":
    unittest.main()
