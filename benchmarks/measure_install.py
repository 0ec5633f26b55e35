"""How long an install takes, from the request to the active skill, for each skill of the sample
registry that needs no packages, on a hub that has nothing else to do."""
import datetime
import http.client
import json
import statistics
import time

from hub_under_load import Hub, temporary_folder, wait_for_catalog

SKILLS = ("notes_skill", "password_skill", "text_stats_skill", "timer_skill",
          "unit_converter_skill")


def milliseconds(later, earlier):
    moment = datetime.datetime.fromisoformat
    return (moment(later.replace("Z", "+00:00")) -
            moment(earlier.replace("Z", "+00:00"))) / datetime.timedelta(milliseconds=1)


class Asker:
    """One connection that stays open."""

    def __init__(self, hub):
        self.connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=120)
        self.headers = {"Authorization": f"Bearer {hub.token}"}

    def ask(self, method, path, body=None):
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {**self.headers, "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        found = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}: {found}")
        return found

    def run(self, kind, skill):
        """The state it ended with, and how long the answer took in milliseconds."""
        begun = time.perf_counter()
        accepted = self.ask("POST", "/api/operations",
                            {"kind": kind, "target_kind": "skill", "target_id": skill})
        took = (time.perf_counter() - begun) * 1000
        path = f"/api/operations/{accepted['operation_id']}"
        state = self.ask("GET", path + "?wait=60s")
        while state["finished_at"] is None:
            state = self.ask("GET", f"{path}?wait=60s&after_revision={state['revision']}")
        if state["status"] != "succeeded":
            raise RuntimeError(f"{kind} of {skill} ended {state['status']}: {state['message']}")
        return state, took


def steps_of(state):
    return {step["name"]: milliseconds(step["finished_at"], step["started_at"])
            for step in state["steps"] if step["finished_at"]}


def measure(rounds, table):
    installs, answers, steps = [], [], {}
    with temporary_folder() as folder, Hub(folder / "base") as hub:
        wait_for_catalog(hub)
        asker = Asker(hub)
        for _ in range(10 * rounds):
            for skill in SKILLS:
                state, took = asker.run("skill.install", skill)
                installs.append(milliseconds(state["finished_at"], state["created_at"]))
                answers.append(took)
                for name, step in steps_of(state).items():
                    steps.setdefault(name, []).append(step)
            for skill in SKILLS:
                asker.run("skill.uninstall", skill)
    table.install(installs, answers, {name: statistics.median(each)
                                      for name, each in steps.items()})
