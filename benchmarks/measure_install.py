"""How long an install takes, from the request to the active skill, for each skill of the sample
registry that needs no packages, on a hub that has nothing else to do."""
import datetime
import statistics

from hub_under_load import Connection, Hub, temporary_folder, wait_for_catalog

SKILLS = ("notes_skill", "password_skill", "text_stats_skill", "timer_skill",
          "unit_converter_skill")


def milliseconds(later, earlier):
    moment = datetime.datetime.fromisoformat
    return (moment(later.replace("Z", "+00:00")) -
            moment(earlier.replace("Z", "+00:00"))) / datetime.timedelta(milliseconds=1)


def run(connection, kind, skill):
    """The state it ended with, and how long the answer took in milliseconds."""
    took, accepted = connection.ask(
        "POST", "/api/operations", {"kind": kind, "target_kind": "skill", "target_id": skill})
    path = f"/api/operations/{accepted['operation_id']}"
    state = connection.ask("GET", path + "?wait=60s")[1]
    while state["finished_at"] is None:
        state = connection.ask("GET", f"{path}?wait=60s&after_revision={state['revision']}")[1]
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
        connection = Connection(hub)
        for _ in range(10 * rounds):
            for skill in SKILLS:
                state, took = run(connection, "skill.install", skill)
                installs.append(milliseconds(state["finished_at"], state["created_at"]))
                answers.append(took)
                for name, step in steps_of(state).items():
                    steps.setdefault(name, []).append(step)
            for skill in SKILLS:
                run(connection, "skill.uninstall", skill)
    table.install(installs, answers, {name: statistics.median(each)
                                      for name, each in steps.items()})
