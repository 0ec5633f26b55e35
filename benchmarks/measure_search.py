"""The marketplace's search: the index alone and a whole answer, in one process (search_bench), and
GET /api/marketplace of a hub whose registry has as many skills."""
import json
import statistics
import urllib.parse

from hub_under_load import Connection, Hub, make_registry, temporary_folder, tool, wait_until

QUESTIONS = ("skill", "sk", "s", "made", "number", "the", "a", "of a made registry", "1", "12",
             "skill 77", "skill_004242", "numbre", "zzq")


def quantile(values, part):
    return sorted(values)[min(int(part * len(values)), len(values) - 1)]


def market(connection, **query):
    return connection.ask("GET", "/api/marketplace?" + urllib.parse.urlencode(query))


def over_http(skills, rounds):
    with temporary_folder() as folder:
        make_registry(folder / "registry", skills)
        with Hub(folder / "base", "--registry", str(folder / "registry")) as hub:
            asker = Connection(hub)
            wait_until("the catalogue", lambda: market(
                asker, limit=1)[1]["total"] == skills, 120)
            wait_until("the index", lambda: market(
                asker, q="skill", limit=1)[1]["search"]["by"] == "index", 300)
        with Hub(folder / "base", "--registry", str(folder / "registry")) as hub:
            asker = Connection(hub)
            wait_until("the index", lambda: market(
                asker, q="skill", limit=1)[1]["search"]["by"] == "index", 300)
            cold = market(asker, limit=50)[0]
            warm = [market(asker, limit=50)[0] for _ in range(200)]
            found = [market(asker, q=question, limit=50)[0]
                     for _ in range(rounds) for question in QUESTIONS]
    return {"cold": cold, "warm_p99": quantile(warm, 0.99), "warm_p50": statistics.median(warm),
            "p50": statistics.median(found), "p99": quantile(found, 0.99)}


def measure(entries, rounds, table):
    report = json.loads(tool("search_bench", "--entries", entries))
    table.search(report)
    table.search_over_http(entries, over_http(entries, 30 * rounds))
