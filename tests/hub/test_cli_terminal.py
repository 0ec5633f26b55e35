"""The operator's command line in a terminal: bars, narrow windows, Ctrl-C, a restarted hub."""

import json
import re
import shutil
import unittest

from cli_harness import SLOW, CliTest, short

CHILD_FETCHED = re.compile(r"^\w{6}   ✓ fetch", re.M)
CHILD_PREPARED = re.compile(r"^\w{6}   ✓ prepare", re.M)
BAR_OF_ONE = re.compile(r"^\w{6} +\d+ % [━╸─]{10,} \S", re.M)  # of several
BAR = re.compile(r"^ *\d+ % [━╸─]{10,}  \S", re.M)


class Terminals(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.folder / "template"
        with cls.start_hub(cls.template):
            pass

    def setUp(self):
        self.base = self.folder / "base"
        shutil.rmtree(self.base, ignore_errors=True)
        shutil.copytree(self.template, self.base)
        self.hub = self.start_hub(self.base, fault=SLOW)
        self.addCleanup(lambda: self.hub.__exit__())

    def last_status(self):
        return self.hub.get("/api/operations?limit=1").json

    def test_an_install_shows_a_bar_and_leaves_a_story(self):
        with self.terminal(self.base, "scenario", "install", "small_scenario") as terminal:
            terminal.wait_for(BAR)
            terminal.wait_for(CHILD_FETCHED)
            self.assertEqual(terminal.end(), 0)
            lines = terminal.screen.text.split("\n")
            self.assertRegex(lines[0],
                             r"^install scenario Утренняя сводка \(small_scenario\)  \w{6}$")
            self.assertRegex(lines[-1], r"^succeeded: .* \([0-9.]+ s\)$")
            own = [line.split()[1] for line in lines[1:-1] if line.startswith("  ✓ ")]
            self.assertEqual(own, ["fetch", "verify", "prepare", "skills", "activate"], lines)
            children = [line for line in lines[1:-1] if not line.startswith("  ")]
            self.assertEqual(len(children), 12, lines)  # of two: a title, four steps, an end
            self.assertNotIn("%", terminal.screen.text, "the bar is gone")
            self.assertGreater(terminal.screen.colours, 10)
            self.assertTrue(terminal.modes_are_back())

    def test_no_color_and_another_locale_are_heeded(self):
        with self.terminal(self.base, "skill", "install", "notes_skill", NO_COLOR="1",
                           LANG="C") as terminal:
            terminal.wait_for(re.compile(r"% [#.-]{10,}"))
            self.assertEqual(terminal.end(), 0)
            self.assertEqual(terminal.screen.colours, 0)
            self.assertIn("  + fetch", terminal.screen.text)

    def test_a_narrow_window_has_no_bar_and_no_line_wraps(self):
        with self.terminal(self.base, "scenario", "install", "small_scenario",
                           columns=30) as terminal:
            terminal.wait_for(re.compile(r"^ *\d+ % skills", re.M))
            self.assertEqual(terminal.end(), 0)
            frames = re.findall(rb"([^\r\n]*)\x1b\[\?2026l", terminal.raw)
            lines = [re.sub(rb"\x1b\[[0-9;]*[mJ]", b"", frame).decode() for frame in frames]
            moving = [line for line in lines if "%" in line]
            self.assertGreater(len(moving), 5)
            self.assertLess(max(map(len, moving)), 30)
            self.assertFalse([line for line in moving if "━" in line])

    def test_a_window_that_changes_its_size_is_drawn_again(self):
        with self.terminal(self.base, "scenario", "install", "small_scenario",
                           columns=120) as terminal:
            terminal.wait_for(re.compile(r"% [━╸─]{30}  "))
            terminal.resize(50, 20)
            terminal.wait_for(re.compile(r"% [━╸─]{10}  "))
            terminal.resize(80, 20)
            terminal.wait_for(re.compile(r"% [━╸─]{20}  "))
            self.assertEqual(terminal.end(), 0)

    def test_a_failure_is_told_with_what_to_do(self):
        with self.terminal(self.base, "skill", "install", "broken_skill") as terminal:
            self.assertEqual(terminal.end(), 4)
            self.assertIn("✗ prepare: failed", terminal.screen.text)
            self.assertIn("DEPENDENCIES_FAILED at prepare", terminal.screen.text)
            self.assertIn("what to do: ", terminal.screen.text)
            self.assertIn("left on the hub: ", terminal.screen.text)

    def test_ctrl_c_asks_and_the_user_goes_on_or_cancels(self):
        with self.terminal(self.base, "scenario", "install", "small_scenario") as terminal:
            terminal.wait_for(CHILD_FETCHED)
            terminal.type("\x03")
            terminal.wait_for("Leave it running (l), cancel it (c), or go on watching (g)?")
            terminal.type("x")  # no answer
            terminal.type("g")
            terminal.wait_for(CHILD_PREPARED)
            self.assertNotIn("Leave it running", terminal.screen.text)
            self.assertNotIn("^C", terminal.screen.text)
            terminal.type("\x03")
            terminal.wait_for("Leave it running")
            terminal.type("c")
            self.assertEqual(terminal.end(), 5)
            self.assertIn("↶ prepare: taken back", terminal.screen.text)
            self.assertRegex(terminal.screen.text.split("\n")[-1], r"^cancelled: .* \([0-9.]+ s\)$")
            self.assertTrue(terminal.modes_are_back())
        self.assertEqual(self.hub.get("/api/skills/list").json["items"], [])

    def test_leaving_lets_the_operation_go_on(self):
        for keys in ("\x03l", "\x03\x03"):
            with self.subTest(keys=keys), self.terminal(
                    self.base, "skill", "install", "notes_skill") as terminal:
                terminal.wait_for(BAR)
                terminal.type(keys[0])
                terminal.wait_for("Leave it running")
                terminal.type(keys[1])
                self.assertEqual(terminal.end(), 130)
                operation = self.last_status()["order"][-1]
                self.assertIn("goes on without you", terminal.screen.text)
                self.assertIn(f"  watch it with: adaos-hub operations watch {short(operation)}",
                              terminal.screen.text)
                self.assertNotIn("%", terminal.screen.text)
                self.assertTrue(terminal.modes_are_back())
                self.assertEqual(self.hub.end_of(operation)["status"], "succeeded")
                self.run_cli(self.base, "skill", "uninstall", "notes_skill")

    def test_ctrl_z_gives_the_terminal_back_and_going_on_draws_it_anew(self):
        with self.terminal(self.base, "scenario", "install", "small_scenario") as terminal:
            terminal.wait_for(CHILD_FETCHED)
            terminal.type("\x1a")
            terminal.wait_stopped()
            self.assertTrue(terminal.modes_are_back())
            terminal.screen.feed(b"\r\nwhat a shell says\r\n")
            terminal.go_on()
            terminal.wait_for("  ✓ skills")
            self.assertEqual(terminal.end(), 0)
            self.assertIn("\nwhat a shell says\n", terminal.screen.text)
            self.assertTrue(terminal.modes_are_back())

    def test_all_that_is_active_has_a_line_each(self):
        for name in ("notes_skill", "broken_skill"):
            self.run_cli(self.base, "skill", "install", name, "--no-wait")
        first, second = self.last_order()
        with self.terminal(self.base, "operations", "watch") as terminal:
            for operation in (first, second):
                terminal.wait_for(re.compile(
                    rf"(?m)^{short(operation)} +(\d+ %|-) [━╸─ ]+ install skill .*  \w+"))
            self.assertEqual(terminal.end(), 4)
            self.assertIn(f"{short(first)} succeeded: ", terminal.screen.text)
            self.assertIn(f"{short(second)} failed ", terminal.screen.text)

    def last_order(self):
        return self.hub.get("/api/operations").json["order"][-2:]

    def test_a_killed_hub_is_waited_for_and_the_bar_comes_back(self):
        with self.terminal(self.base, "scenario", "install", "small_scenario") as terminal:
            terminal.wait_for(CHILD_FETCHED)
            self.hub.kill()
            self.hub.__exit__()
            terminal.wait_for(re.compile(
                r"the hub does not answer; waiting for it, \d+ s more"))
            self.hub = self.start_hub(self.base, fault=SLOW)
            terminal.wait_for("the hub is back after")
            terminal.wait_for(BAR_OF_ONE)
            self.assertEqual(terminal.end(), 0)
            self.assertNotIn("does not answer", terminal.screen.text)
            self.assertEqual(len(CHILD_FETCHED.findall(terminal.screen.text)), 2)

    def test_a_list_fits_the_window(self):
        self.run_cli(self.base, "registry", "refresh")
        with self.terminal(self.base, "operations", "list", columns=24) as terminal:
            self.assertEqual(terminal.end(), 0)
            self.assertEqual(len(terminal.screen.text.split("\n")), 2)
        listed = json.loads(self.run_cli(self.base, "operations", "list", "--json").stdout)
        self.assertEqual(len(listed), 1)


if __name__ == "__main__":
    unittest.main()
