"""How fast a hub that was killed is back, with a million operations of which thousands live."""
import contextlib
import os
import pathlib
import time

from clone_operations import (check_shape, clone_operations, indexed, models_of,
                              remove_operations)
from hub_under_load import (ROOM_FOR_ALL, Hub, accept_load, one_number, template, temporary_folder,
                            tool, wait_for_catalog, wait_until, writable)

MODELS = 24  # real installs that the ended operations are cloned from
DAY_MS = 86_400_000
KEPT_DAYS = 30  # succeeded ones; what an undo needs is kept for one of them


def run_models(base, registry, first):
    """Installs as real as any; their numbers."""
    before = one_number(base, "SELECT COALESCE(MAX(n), 0) FROM operations")
    with Hub(base, "--registry", str(registry), *ROOM_FOR_ALL) as hub:
        wait_for_catalog(hub)
        accept_load(hub, base, "--requests", MODELS, "--first", first)
        wait_until("the models to end", lambda: one_number(
            base, "SELECT COUNT(*) FROM operations WHERE finished_at IS NULL") == 0)
        failed = one_number(base, "SELECT COUNT(*) FROM operations WHERE status <> 'succeeded'")
        if failed:
            raise RuntimeError(f"{failed} of the model installs did not succeed:\n{hub.log()}")
    with writable(base) as db:
        return {row[0] for row in db.execute("SELECT n FROM operations WHERE n > ?", (before,))}


def clean_up(base, registry):
    """As a day after their end: nobody may undo them any more."""
    with writable(base) as db:
        db.execute("UPDATE operation_clean_ups SET due_at = 0")
        db.commit()
    with Hub(base, "--registry", str(registry), "--slots", "0"):
        wait_until("the clean-ups", lambda: one_number(
            base, "SELECT COUNT(*) FROM operation_clean_ups") == 0)


def fill(base, registry, ended, live):
    """Ended operations of a month cloned from real ones, those of the last day with what their undo
    needs; live ones accepted by the hub itself, half of them claimed through the store by a process
    that dies."""
    old = run_models(base, registry, live)
    clean_up(base, registry)
    young = run_models(base, registry, live + MODELS)
    with writable(base) as db:
        db.execute("PRAGMA synchronous = OFF")
        now_ms = int(time.time() * 1000)
        # Events are kept for a day, notifications only of the last few.
        olds = models_of(db, old, without=("operation_events", "notifications"))
        youngs = models_of(db, young)
        of_a_day = ended // KEPT_DAYS
        clone_operations(db, olds, ended - of_a_day, now_ms - DAY_MS, DAY_MS * (KEPT_DAYS - 2))
        clone_operations(db, youngs, of_a_day, now_ms, DAY_MS * 9 // 10)
        with indexed(db):
            remove_operations(db, olds + youngs)
            check_shape(db, olds + youngs)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bytes_each = (base / "state/hub.db").stat().st_size / ended
    with Hub(base, "--registry", str(registry), "--slots", "0", *ROOM_FOR_ALL) as hub:
        wait_for_catalog(hub)
        accept_load(hub, base, "--requests", live)
        hub.kill()
    tool("claim_some", base / "state/hub.db", live // 2)
    return bytes_each


def forget_pages(base):
    """The kernel keeps nothing of the database in memory: as after a start of the machine."""
    for file in (base / "state").glob("hub.db*"):
        descriptor = os.open(file, os.O_RDONLY)
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def resident_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def start_once(base, registry, slots):
    """From the start of the process until it answers, every live operation taken up or claimable;
    then, with slots, until the first of them has moved."""
    last = one_number(base, "SELECT MAX(seq) FROM operation_events")
    running = one_number(base, "SELECT COUNT(*) FROM operations WHERE finished_at IS NULL AND "
                               "status IN ('running', 'cancelling', 'reverting')")
    live = one_number(base, "SELECT COUNT(*) FROM operations WHERE finished_at IS NULL")
    start = time.monotonic()
    with Hub(base, "--registry", str(registry), "--slots", str(slots), *ROOM_FOR_ALL) as hub:
        figures = {"answering_s": time.monotonic() - start, "live": live, "running": running}
        if slots:
            wait_until("the first of them to move", lambda: one_number(
                base, "SELECT MAX(seq) FROM operation_events") > last)
            figures["moving_s"] = time.monotonic() - start
        figures["memory_mb"] = resident_mb(hub.process.pid)
        taken_up = hub.get("/api/operations?limit=1").json["persistence"][
            "recovered_interrupted_total"]
        hub.kill()
    if taken_up != running:
        raise RuntimeError(f"the hub took up {taken_up} operations, {running} were running")
    return figures


def measure(ended, live, rounds, table):
    with temporary_folder() as folder:
        registry, base = template(folder, live + 2 * MODELS)
        bytes_each = fill(base, registry, ended, live)
        warm = [start_once(base, registry, 0) for _ in range(rounds)]
        cold = []
        for _ in range(rounds):
            forget_pages(base)
            cold.append(start_once(base, registry, 0))
        with_slots = [start_once(base, registry, 4) for _ in range(rounds)]
        table.restart(ended + live, warm, cold, with_slots)
        table.bytes_each(ended, bytes_each)
