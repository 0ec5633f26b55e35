"""A scenario with the skills it brings: children that run side by side, all of them or none."""

import contextlib
import unittest

from harness import (Hub, RegistryCase, assert_whole, database, temporary_folder, wait_until,
                     write_scenario, write_skill)


class Children(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.push_skill("bulb")
        cls.push_skill("lamp", "depends: [bulb]\n")
        cls.push_skill("sensor")
        cls.push_skill("broken", "dependencies: ['--no-index', 'no_such_package==1.0']\n")
        cls.push_skill("circle_a", "depends: [circle_b]\n")
        cls.push_skill("circle_b", "depends: [circle_a]\n")
        for name, skills in (("evening", ["lamp", "sensor"]), ("spoiled", ["lamp", "broken"]),
                             ("morning", ["sensor"]), ("circles", ["circle_a"]),
                             ("lonely", ["nowhere", "nothing"])):
            cls.push_scenario(name, skills)
        cls.push_scenario("choosy", ["sensor"], optional=["broken"])

    @classmethod
    def push_skill(cls, name, extra="", version="1.0.0"):
        write_skill(cls.folder, name, version=version, extra=extra)
        cls.push("skill", cls.folder / name)

    @classmethod
    def push_scenario(cls, name, skills, optional=()):
        write_scenario(cls.folder, name, skills)
        if optional:
            with open(cls.folder / name / "scenario.yaml", "a", encoding="utf-8") as manifest:
                manifest.write(f"runtime:\n  skills:\n    optional: [{', '.join(optional)}]\n")
        cls.push("scenario", cls.folder / name)

    def setUp(self):
        self.base = self.enterContext(temporary_folder()) / "base"

    def hub(self, fault=None):
        hub = self.enterContext(Hub(self.base, "--registry", str(self.registry), fault=fault))
        hub.wait_catalog(12)
        return hub

    @staticmethod
    def ask(hub, name, kind="scenario.install", **more):
        return hub.post("/api/operations", {"kind": kind, "target_kind": kind.split(".")[0],
                                            "target_id": name, **more})

    @staticmethod
    def children(hub, operation_id):
        known = hub.get(f"/api/operations?parent_id={operation_id}").json
        return [known["by_id"][one] for one in known["order"]]

    @staticmethod
    def skills(hub):
        return sorted(item["name"] for item in hub.get("/api/skills/list").json["items"])

    def test_children_run_side_by_side_and_after_what_they_require(self):
        hub = self.hub(fault="delay_ms=20")
        plan = self.ask(hub, "evening", validate_only=True).json["plan"]
        self.assertEqual([one["target"] for one in plan["title_args"]["brings"]],
                         ["skill:bulb", "skill:sensor", "skill:lamp"])
        self.assertTrue(plan["reversible"])
        end = hub.end_of(self.ask(hub, "evening").json["operation_id"])
        self.assertEqual(end["status"], "succeeded", end)
        by_name = {child["target_id"]: child for child in self.children(hub, end["operation_id"])}
        self.assertEqual(sorted(by_name), ["bulb", "lamp", "sensor"])
        bulb, lamp, sensor = by_name["bulb"], by_name["lamp"], by_name["sensor"]
        self.assertLess(sensor["started_at"], bulb["finished_at"], "side by side")
        self.assertLess(bulb["started_at"], sensor["finished_at"], "side by side")
        self.assertGreaterEqual(lamp["started_at"], bulb["finished_at"], "after what it requires")
        told = hub.get("/api/operations").json["notifications"]
        self.assertEqual([one["operation_id"] for one in told], [end["operation_id"]])
        self.assertEqual(self.ask(hub, "bulb", "skill.uninstall").status, 409)
        # Within its time it is undone whole, by operations below the undo.
        undo = hub.end_of(hub.post(
            f"/api/operations/{end['operation_id']}/undo").json["operation_id"])
        self.assertEqual(undo["status"], "succeeded", undo)
        self.assertEqual(len(self.children(hub, undo["operation_id"])), 3)
        self.assertEqual(self.skills(hub), [])

    def test_a_required_one_that_fails_takes_all_back_and_can_be_retried(self):
        hub = self.hub()
        end = hub.end_of(self.ask(hub, "spoiled").json["operation_id"])
        self.assertEqual((end["status"], end["error"]["code"]), ("failed", "REQUIRED_SKILL_FAILED"))
        failed = hub.get(end["error"]["details"]["href"]).json
        self.assertEqual((failed["target_id"], failed["status"]), ("broken", "failed"))
        self.assertEqual(self.skills(hub), [])
        children = self.children(hub, end["operation_id"])
        undone = {child["undo_of"] for child in children if child.get("undo_of")}
        made = {child["operation_id"] for child in children
                if child["status"] == "succeeded" and not child.get("undo_of")}
        self.assertEqual(undone, made)
        again = hub.end_of(hub.post(
            f"/api/operations/{end['operation_id']}/retry").json["operation_id"])
        self.assertEqual(again["error"]["code"], "REQUIRED_SKILL_FAILED")

    def test_an_optional_one_that_fails_is_a_warning(self):
        hub = self.hub()
        end = hub.end_of(self.ask(hub, "choosy").json["operation_id"])
        self.assertEqual(end["status"], "succeeded", end)
        self.assertIn("broken", end["warnings"][0])
        self.assertEqual(self.skills(hub), ["sensor"])

    def test_circles_and_missing_ones_are_refused_before_anything_starts(self):
        hub = self.hub()
        circle = self.ask(hub, "circles")
        self.assertEqual(circle.status, 409)
        self.assertIn("circle_a -> circle_b -> circle_a", circle.json["detail"])
        missing = self.ask(hub, "lonely")
        self.assertEqual(missing.status, 409)
        self.assertIn("nowhere, nothing", missing.json["detail"])
        self.assertEqual(hub.get("/api/operations").json["order"], [])

    def test_two_that_share_a_skill_install_it_once(self):
        hub = self.hub()
        first = self.ask(hub, "morning").json["operation_id"]
        second = self.ask(hub, "evening").json["operation_id"]
        ends = [hub.end_of(one) for one in (first, second)]
        self.assertEqual([end["status"] for end in ends], ["succeeded"] * 2, ends)
        below = [child["target_id"] for one in (first, second) for child in self.children(hub, one)]
        self.assertEqual(sorted(below), ["bulb", "lamp", "sensor"])

    def test_a_cancel_and_a_kill_leave_all_or_nothing(self):
        for how in ("cancel", "kill"):
            with self.subTest(how):
                hub = self.hub(fault="delay_ms=20")
                one = self.ask(hub, "evening").json["operation_id"]
                wait_until("a child that is there",
                           lambda hub=hub, one=one: any(child["status"] == "succeeded"
                                       for child in self.children(hub, one)))
                if how == "kill":
                    hub.kill()
                    hub = self.hub()
                else:
                    hub.post(f"/api/operations/{one}/cancel")
                end = hub.end_of(one)
                expected = {"cancel": ("cancelled", []),
                            "kill": ("succeeded", ["bulb", "lamp", "sensor"])}[how]
                self.assertEqual((end["status"], self.skills(hub)), expected, end)
                hub.__exit__(None, None, None)
                with contextlib.closing(database(self.base)) as db:
                    known = [row[0] for row in db.execute("SELECT operation_id FROM operations")]
                for operation_id in known:
                    assert_whole(self, self.base, operation_id)

    def test_updates_of_different_skills_run_together_and_of_the_same_one_join(self):
        hub = self.hub(fault="delay_ms=20")
        hub.end_of(self.ask(hub, "evening").json["operation_id"])
        for name in ("bulb", "sensor"):
            self.push_skill(name, version="1.1.0")
        hub.end_of(self.ask(hub, "registry", "registry.refresh").json["operation_id"])
        one, two, same = (self.ask(hub, name, "skill.update").json["operation_id"]
                          for name in ("bulb", "sensor", "bulb"))
        self.assertEqual(one, same)
        ends = [hub.end_of(each) for each in (one, two)]
        self.assertEqual([end["status"] for end in ends], ["succeeded"] * 2, ends)
        self.assertLess(ends[0]["started_at"], ends[1]["finished_at"])
        self.assertLess(ends[1]["started_at"], ends[0]["finished_at"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
