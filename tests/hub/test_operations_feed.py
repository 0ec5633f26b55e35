"""The feed of a real hub's operations: event streams that go on across a SIGKILL, and what the
metrics and the log say of the same."""

import concurrent.futures
import contextlib
import json
import re
import sqlite3
import unittest

from harness import database, wait_until
from operations_case import ApiCase, Stream

ENDED = ("succeeded", "failed", "cancelled")


class Events(ApiCase):
    def feed(self):
        with contextlib.closing(database(self.base)) as db:
            return [tuple(row) for row in db.execute(
                "SELECT seq, operation_id, revision, from_status, status FROM operation_events "
                "ORDER BY seq")]

    def test_a_reader_begins_at_the_present_end_and_hears_everything_after(self):
        self.hub.end_of(self.started("other_skill"))
        end = self.feed()[-1][0]
        with Stream(self.hub, "/api/operations/events") as stream:
            self.assertEqual(stream.answer.headers["Content-Type"], "text/event-stream")
            self.assertEqual(stream.answer.headers["Cache-Control"], "no-store")
            events = stream.events()
            hello = next(events)
            self.assertEqual((hello[0], hello[1], hello[2]["seq"]), (end, "hello", end))
            self.assertTrue(hello[2]["feed_id"])
            operation_id = self.started()
            heard = []
            for number, name, data in events:
                self.assertEqual((name, data["seq"]), ("operation", number))
                self.assertEqual(data["kind"], "skill.install")
                heard.append((number, data["operation_id"], data["revision"], data["from"],
                              data["status"]))
                if "operation" in data:
                    self.assertEqual(data["operation"]["revision"], data["revision"])
                    self.assertEqual(data["operation"]["status"], data["status"])
                if data["status"] in ENDED:
                    self.assertIn("operation", data)
                    break
        self.assertEqual(heard, [row for row in self.feed() if row[0] > end])
        self.assertEqual({row[1] for row in heard}, {operation_id})

    def test_readers_lose_and_repeat_nothing_across_kills(self):
        heard, after = [], 0
        for kill in range(4):
            with Stream(self.hub, "/api/operations/events",
                        {"Last-Event-ID": str(after)}) as stream:
                self.assertEqual(stream.answer.status, 200)
                operation_id = self.started("plain_skill" if kill % 2 else "other_skill",
                                            on_conflict="queue")
                self.started("notes_skill", on_conflict="queue")
                for number, _, data in stream.events():
                    heard.append((number, data["operation_id"], data["revision"], data["from"],
                                  data["status"]))
                    after = number
                    # Killed while events come: at another place each time.
                    if data["operation_id"] == operation_id and data["revision"] > kill:
                        self.hub.kill()
                        break
            self.hub = self.start_hub()
        wait_until("the end of all", lambda: not self.hub.get(
            "/api/operations?status=active").json["order"])
        feed = self.feed()
        with Stream(self.hub, f"/api/operations/events?after={after}") as stream:
            events = stream.events()
            while len(heard) < len(feed):
                number, _, data = next(events)
                heard.append((number, data["operation_id"], data["revision"], data["from"],
                              data["status"]))
        self.assertEqual([row[0] for row in feed], list(range(1, len(feed) + 1)))
        self.assertEqual(heard, feed)

    def test_many_readers_hear_the_same_while_operations_run(self):
        def hear(after):
            heard = []
            with Stream(self.hub, f"/api/operations/events?after={after}") as stream:
                for number, _, data in stream.events():
                    heard.append(number)
                    if data["operation_id"] == last and data["status"] in ENDED:
                        return heard
            return None
        for _ in range(5):
            self.hub.end_of(self.started("plain_skill"))
        last = self.held()
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            readers = [(after, pool.submit(hear, after)) for after in range(0, 12)]
            self.hub.end_of(self.started("other_skill"))
            self.index.go.set()
            end = None
            for after, reader in readers:
                heard = reader.result(60)
                end = end or heard[-1]
                self.assertEqual(heard, list(range(after + 1, end + 1)))

    def test_what_is_gone_is_410_and_says_what_there_is(self):
        self.hub.end_of(self.started())
        last = self.feed()[-1][0]
        ahead = self.hub.get("/api/operations/events", headers={"Last-Event-ID": str(last + 1)})
        problem = self.assert_problem(ahead, 410, "feed_gone")
        self.assertEqual((problem["details"]["first_seq"], problem["details"]["last_seq"]),
                         (1, last))
        other = self.hub.get("/api/operations/events?after=1&feed_id=another")
        self.assert_problem(other, 410, "feed_gone")
        self.assert_problem(self.hub.get("/api/operations/events?after=last"), 400, "bad_event_id")
        self.hub.kill()
        with contextlib.closing(sqlite3.connect(self.base / "state/hub.db")) as db, db:
            db.execute("DELETE FROM operation_events WHERE seq <= 2")  # as retention does
        self.hub = self.start_hub()
        old = self.hub.get("/api/operations/events?after=1")
        self.assertEqual(self.assert_problem(old, 410, "feed_gone")["details"]["first_seq"], 3)
        with Stream(self.hub, "/api/operations/events?after=2") as stream:
            self.assertEqual(next(stream.events())[0], 3)

    def test_a_stopping_hub_ends_its_streams_and_goes(self):
        with Stream(self.hub, "/api/operations/events") as stream:
            events = stream.events()
            next(events)
            self.hub.process.terminate()
            self.assertEqual(list(events), [])
            self.assertEqual(self.hub.wait_dead(20), 0)

    def test_streams_that_nobody_reads_do_not_slow_the_others(self):
        with contextlib.ExitStack() as open_streams:
            for _ in range(50):
                open_streams.enter_context(Stream(self.hub, "/api/operations/events"))
            for name in ("plain_skill", "other_skill", "notes_skill"):
                self.assertEqual(self.hub.end_of(self.started(name))["status"], "succeeded")


class Counting(ApiCase):
    def metrics(self):
        answer = self.hub.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        values = {}
        for line in answer.body.decode().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
        return values

    def test_metrics_count_what_happened(self):
        held = self.held()
        self.start("held_skill")
        key = {"Idempotency-Key": "k"}
        self.hub.end_of(self.started("plain_skill", headers=key))
        self.start("plain_skill", headers=key)
        self.hub.end_of(self.started("broken_skill"))
        values = self.metrics()
        install = 'kind="skill.install"'
        self.assertEqual(values[f'operations_accepted_total{{how="created",{install}}}'], 3)
        self.assertEqual(values[f'operations_accepted_total{{how="joined",{install}}}'], 1)
        self.assertEqual(values[f'operations_accepted_total{{how="replayed",{install}}}'], 1)
        self.assertEqual(values['operations_live{status="running"}'], 1)
        self.assertEqual(values["operation_slots_busy"], 1)
        self.assertEqual(values["operation_queue_seconds_count"], 3)
        for status in ("succeeded", "failed"):
            self.assertEqual(values["operation_duration_seconds_count"
                                    f'{{{install},status="{status}"}}'], 1)
        for name in ("store_commit_seconds_count", "store_batch_size_count",
                     "store_fsync_seconds"):
            self.assertGreater(values[name], 0, name)
        for name in ("feed_gaps_total", "operation_fenced_writes_total", "operations_stalled",
                     "operations_recovered", 'feed_lag_events{consumer="metrics"}'):
            self.assertEqual(values[name], 0, name)
        self.hub.kill()
        self.hub = self.start_hub()
        values = wait_until("the operation taken up", lambda: self.metrics() if self.metrics()[
            "operations_recovered"] else None)
        self.assertEqual(values["operations_recovered"], 1)
        self.index.go.set()
        self.assertEqual(self.hub.end_of(held)["status"], "succeeded")
        self.assertEqual(self.metrics()['operations_live{status="running"}'], 0)

    def test_each_transition_is_one_line_of_the_log(self):
        for name in ("plain_skill", "broken_skill"):
            self.hub.end_of(self.started(name))
        self.metrics()  # what is shown is logged too
        with contextlib.closing(database(self.base)) as db:
            moves = [(row["seq"], row["operation_id"], row["from_status"], row["status"])
                     for row in db.execute("SELECT * FROM operation_events ORDER BY seq")
                     if row["from_status"] != row["status"]]
        lines = [json.loads(line) for line in self.hub.log().splitlines()
                 if re.search(r'"event":"transition"', line)]
        self.assertEqual([(line["seq"], line["operation_id"], line["from"], line["to"])
                          for line in lines], moves)
        self.assertEqual({line["kind"] for line in lines}, {"skill.install"})


if __name__ == "__main__":
    unittest.main()
