"""POST /api/tools/call and `adaos-hub skill call`: what is installed can be used, confined."""

import json
import threading
import time
import unittest

from cli_harness import CliTest
from harness import SAMPLES, Hub, run_cli, write_skill

TRICKS = '''
import os, pathlib, socket, sys, time
from adaos.sdk.core.decorators import tool

@tool("shout", summary="as AdaOS has it")
def anything(text: str):
    print("noise on standard output")
    return {"ok": True, "text": text.upper()}

async def later():
    return "awaited"

def fail(why="bad luck"):
    raise ValueError(why)

def not_json():
    return {1, 2}

def leave(code=3):
    os._exit(code)

def sleep(seconds):
    time.sleep(seconds)
    return seconds

def flood():
    return "x" * (8 << 20)

def chatter():
    while True:
        print("yes " * 1000)

def eat():
    return len([bytearray(1 << 20) for _ in range(4096)])

def look(path):
    return pathlib.Path(path).read_text()

def write(path):
    pathlib.Path(path).write_text("was here")

def reach(port):
    socket.create_connection(("127.0.0.1", port), 2).close()
    return "connected"

def environment():
    return dict(os.environ)

def remember(text):
    files = pathlib.Path(os.environ["ADAOS_SKILL_ENV_PATH"]).parent.parent / "files"
    with open(files / "log", "a") as log:
        log.write(text)
    return (files / "log").read_text()
'''
NAMES = ("shout later fail not_json leave sleep flood chatter eat look write reach environment "
         "remember absent").split()


class ToolCalls(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tools = "tools:\n" + "".join(f"- name: {name}\n" for name in NAMES if name != "absent")
        tricks = write_skill(cls.folder, "tricks_skill", extra=tools, handler=TRICKS)
        online = write_skill(cls.folder, "online_skill", extra=tools + "permissions: [network]\n",
                             handler=TRICKS)
        for source in (tricks, online, SAMPLES / "skills" / "table_skill",
                       SAMPLES / "skills" / "unit_converter_skill"):
            run_cli("skill", "push", source, "--registry", cls.registry, cache=cls.folder / "cache")
        cls.hub = cls.enterClassContext(Hub(cls.folder / "base", "--registry", str(cls.registry)))
        cls.hub.wait_catalog(8)
        for name in ("tricks_skill", "online_skill", "table_skill", "notes_skill",
                     "unit_converter_skill"):
            installed = cls.hub.post("/api/skills/install", {"name": name})
            assert installed.status == 200, installed.body

    def call(self, tool, arguments=None, status=200, **more):
        answer = self.hub.post("/api/tools/call",
                               {"tool": tool, "arguments": arguments or {}, **more})
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def refused(self, tool, arguments, status, code, **more):
        problem = self.call(tool, arguments, status, **more)
        self.assertEqual(problem["code"], code)
        return problem

    def test_tools_of_the_samples_give_their_results(self):
        answer = self.call("unit_converter_skill:convert",
                           {"value": "1,5", "from_unit": "kg", "to_unit": "g"})
        self.assertTrue(answer["ok"])
        self.assertEqual(answer["result"]["value"], 1500)
        self.assertEqual(answer["version"], "1.2.0")
        table = self.call("table_skill:render_csv", {"csv_text": "a,b\n1,2\n"})
        self.assertIn("a", table["result"]["table"])
        added = self.call("notes_skill:add_note", {"text": "молоко"})["result"]
        self.assertEqual(added["note"]["id"], 1)
        self.assertEqual(self.call("notes_skill:list_notes")["result"]["total"], 1)

    def test_decorated_and_async_functions_are_called_and_noise_is_no_result(self):
        self.assertEqual(self.call("tricks_skill:shout", {"text": "hi"})["result"],
                         {"ok": True, "text": "HI"})
        self.assertEqual(self.call("tricks_skill:later")["result"], "awaited")

    def test_unknown_names_are_told_with_the_nearest(self):
        problem = self.refused("note_skill:list_notes", {}, 404, "unknown_skill")
        self.assertIn("notes_skill", problem["details"]["suggestions"])
        problem = self.refused("notes_skill:list_note", {}, 404, "unknown_tool")
        self.assertEqual(problem["hint"], "did you mean list_notes?")
        self.refused("tricks_skill:absent", {}, 404, "unknown_tool")
        self.refused("notes_skill", {}, 400, "tool_name_invalid")
        self.refused("notes_skill:list_notes", {}, 400, "bad_timeout", timeout=0)

    def test_arguments_are_held_against_the_declared_schema_and_the_function(self):
        problem = self.refused("notes_skill:list_notes", {"limit": 0}, 422, "arguments_invalid")
        self.assertEqual(problem["details"]["problems"][0]["path"], "limit")
        self.refused("notes_skill:add_note", {}, 422, "arguments_invalid")
        problem = self.refused("tricks_skill:sleep", {"seconds": 1, "minutes": 1}, 422,
                               "arguments_invalid")
        self.assertIn("minutes", problem["detail"])

    def test_what_goes_wrong_in_a_tool_is_told_apart(self):
        problem = self.refused("tricks_skill:fail", {"why": "no bulb"}, 502, "tool_raised")
        self.assertEqual(problem["details"]["type"], "ValueError")
        self.assertIn("handlers/main.py", problem["details"]["traceback"])
        self.assertIn("no bulb", problem["detail"])
        self.refused("tricks_skill:not_json", {}, 502, "tool_result_invalid")
        self.refused("tricks_skill:leave", {}, 502, "tool_ended")
        self.refused("tricks_skill:leave", {"code": 0}, 502, "tool_ended")
        problem = self.refused("tricks_skill:flood", {}, 502, "tool_exceeded")
        self.assertEqual(problem["details"]["limit"], "output_too_large")
        self.refused("tricks_skill:chatter", {}, 502, "tool_exceeded")
        problem = self.refused("tricks_skill:sleep", {"seconds": 30}, 504, "tool_timeout",
                               timeout=0.5)
        self.assertEqual(problem["details"]["timeout_ms"], 500)

    def test_memory_has_a_limit(self):
        answer = self.hub.post("/api/tools/call", {"tool": "tricks_skill:eat"})
        self.assertEqual(answer.status, 502, answer.body)
        self.assertIn(answer.json["code"], ("tool_exceeded", "tool_raised"))

    def test_a_tool_reaches_neither_the_hub_nor_the_network_nor_other_skills(self):
        base = self.folder / "base"
        for path in (base / "state/token", base / "workspace/skills/notes_skill/skill.yaml",
                     "/proc/1/root/etc/shadow"):
            self.refused("tricks_skill:look", {"path": str(path)}, 502, "tool_raised")
        for path in (base / "state/x", base / "workspace/skills/tricks_skill/handlers/main.py"):
            self.refused("tricks_skill:write", {"path": str(path)}, 502, "tool_raised")
        self.assertFalse((base / "state/x").exists())
        self.refused("tricks_skill:reach", {"port": self.hub.port}, 502, "tool_raised")
        self.assertEqual(self.call("online_skill:reach", {"port": self.hub.port})["result"],
                         "connected")
        environment = self.call("tricks_skill:environment")["result"]
        self.assertEqual(sorted(environment), ["ADAOS_SKILL_ENV_PATH", "HOME", "LANG", "PATH",
                                               "TMPDIR"])

    def test_what_it_keeps_is_there_at_the_next_call(self):
        self.call("tricks_skill:remember", {"text": "a"})
        self.assertEqual(self.call("tricks_skill:remember", {"text": "b"})["result"], "ab")

    def test_too_many_calls_are_told_to_come_back_and_others_are_served(self):
        answers = []

        def ask():
            answers.append(self.hub.post("/api/tools/call", {
                "tool": "tricks_skill:sleep", "arguments": {"seconds": 0.3}}))

        threads = [threading.Thread(target=ask) for _ in range(32)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        self.assertEqual(self.hub.get("/api/skills/list").status, 200)
        self.assertLess(time.monotonic() - began, 2)
        for thread in threads:
            thread.join()
        statuses = [answer.status for answer in answers]
        self.assertEqual(set(statuses), {200, 429})
        self.assertGreaterEqual(statuses.count(200), 20)
        busy = next(answer for answer in answers if answer.status == 429)
        self.assertEqual(busy.json["code"], "tools_busy")
        self.assertTrue(busy.headers["Retry-After"])

    def test_the_command_line_calls_tools(self):
        def said(*arguments, code=0):
            return self.run_cli(self.folder / "base", "skill", "call", *arguments, code=code)

        result = json.loads(said("tricks_skill", "shout", "--args", '{"text": "ж"}').stdout)
        self.assertEqual(result, {"ok": True, "text": "Ж"})
        file = self.folder / "arguments.json"
        file.write_text('{"seconds": 0.01}', encoding="utf-8")
        whole = json.loads(said("tricks_skill", "sleep", "--args", f"@{file}", "--json").stdout)
        self.assertEqual((whole["result"], whole["tool"]), (0.01, "sleep"))
        self.assertIn("did you mean shout?", said("tricks_skill", "shot", code=1).stderr)
        said("tricks_skill", "sleep", "--args", '{"seconds": 9}', "--timeout", "0.3", code=1)
        said("tricks_skill", "sleep", "--args", "[1]", code=2)


if __name__ == "__main__":
    unittest.main()
