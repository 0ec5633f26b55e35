"""Durable accepts over HTTP: how many a second and how long each takes, on this disk and a slow
one."""
from hub_under_load import (BIN, ROOM_FOR_ALL, Hub, accept_load, cpu_seconds, environment,
                            fresh_base, one_number, template, temporary_folder, wait_for_catalog)

SLOW_MS = 4
RATE = 1000


def one_round(folder, registry, made_from, *arguments, slow=False):
    """A fresh hub that runs nothing, one load on it; then it is killed, and what it answered must
    be in its database."""
    wanted = {}
    if slow:
        wanted = {"LD_PRELOAD": str(BIN / "libslow_disk.so"), "SLOW_DISK_MS": str(SLOW_MS)}
    base = fresh_base(folder, made_from)
    with environment(**wanted):
        hub = Hub(base, "--registry", str(registry), "--slots", "0", *ROOM_FOR_ALL)
    with hub:
        wait_for_catalog(hub)
        before = cpu_seconds(hub.process.pid)
        figures = accept_load(hub, base, *arguments, environment=wanted)
        used = cpu_seconds(hub.process.pid) - before
        hub.kill()
    figures["cpu_us"] = used / figures["accepted"] * 1e6
    kept = one_number(base, "SELECT COUNT(*) FROM operations WHERE status = 'accepted'")
    if kept != figures["accepted"]:
        raise RuntimeError(f"{figures['accepted']} accepts were answered, {kept} are on the disk")
    return figures


def measure(skills, rounds, table):
    with temporary_folder() as folder:
        registry, made_from = template(folder, skills)
        closed = [one_round(folder, registry, made_from, "--requests", skills)
                  for _ in range(rounds)]
        table.accept_rate(closed, "this disk", 20_000)
        slow = [one_round(folder, registry, made_from, "--requests", min(skills, 8000), slow=True)
                for _ in range(rounds)]
        table.accept_rate(slow, f"a disk slowed to {SLOW_MS} ms", 4_000)
        open_loop = [one_round(folder, registry, made_from, "--rate", RATE,
                               "--requests", min(skills, 10 * RATE), "--seed", seed)
                     for seed in range(1, rounds + 1)]
        table.accept_latency(open_loop, RATE)
