"""Many ended operations from a few real ones, fast: every row that hangs on an operation is written
again under another number, id, target and time. Knows no column by heart but these: `n` and
`operation_id` say whose row it is, `seq` counts on, `at` and `*_at` are milliseconds."""
import collections
import contextlib
import datetime
import json
import re
import uuid

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def to_text(ms):
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


def to_ms(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def uuid7_of(ms, random_bits):
    value = (ms << 80) | (7 << 76) | ((random_bits >> 62) & 0xFFF) << 64 | 2 << 62
    return str(uuid.UUID(int=value | random_bits & (1 << 62) - 1))


class Text:
    """A text of the model, cut at what changes from clone to clone."""

    def __init__(self, text, model_id, model_target):
        pattern = f"({re.escape(model_id)}|{re.escape(model_target)}|{TIME.pattern})"
        self.pieces = re.split(pattern, text)
        for at in range(1, len(self.pieces), 2):
            piece = self.pieces[at]
            self.pieces[at] = ("id" if piece == model_id else
                               "target" if piece == model_target else to_ms(piece))

    def render(self, clone):
        out = []
        for at, piece in enumerate(self.pieces):
            if at % 2 == 0:
                out.append(piece)
            elif isinstance(piece, int):
                out.append(clone.time_text(piece))
            else:
                out.append(clone.id if piece == "id" else clone.target)
        return "".join(out)


class Clone:
    def __init__(self, number, operation_id, target, shift_ms):
        self.number, self.id, self.target, self.shift_ms = number, operation_id, target, shift_ms
        self.texts = {}

    def time_text(self, ms):
        if ms not in self.texts:
            self.texts[ms] = to_text(ms + self.shift_ms)
        return self.texts[ms]


class Model:
    """One real operation: its rows in every table."""

    def __init__(self, db, tables, number, operation_id, target):
        self.id, self.target = operation_id, target
        self.rows = collections.defaultdict(list)
        for table, columns in tables.items():
            key, value = ("n", number) if "n" in columns else ("operation_id", operation_id)
            order = " ORDER BY seq" if "seq" in columns else ""
            for row in db.execute(f"SELECT * FROM {table} WHERE {key} = ?{order}", (value,)):
                self.rows[table].append([self.part(name, cell)
                                         for name, cell in zip(columns, row)])

    def part(self, name, cell):
        """What makes this cell of a clone: a function of (clone, its seq)."""
        if name == "n":
            return lambda clone, seq: clone.number
        if name == "seq":
            return lambda clone, seq: seq
        if isinstance(cell, int) and (name == "at" or name.endswith("_at")):
            return lambda clone, seq: cell + clone.shift_ms
        if isinstance(cell, str) and not cell.isidentifier():
            return lambda clone, seq, text=Text(cell, self.id, self.target): text.render(clone)
        if cell in (self.id, self.target):
            text = Text(cell, self.id, self.target)
            return lambda clone, seq: text.render(clone)
        return lambda clone, seq: cell


def operation_tables(db):
    """{table: columns} of those whose rows hang on an operation, operations first."""
    found = {}
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND "
                               "name NOT LIKE 'sqlite%' ORDER BY name <> 'operations', name"):
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        if "n" in columns or "operation_id" in columns:
            found[table] = columns
    return found


def models_of(db, numbers, without=()):
    """(model, when it ended) of each of these ended operations; some tables left out."""
    tables = {table: columns for table, columns in operation_tables(db).items()
              if table not in without}
    return [(Model(db, tables, *row[:3]), row[3]) for row in db.execute(
        "SELECT n, operation_id, target_id, finished_at FROM operations ORDER BY n")
            if row[0] in numbers]


def clone_operations(db, models, count, newest_ms, spread_ms, step=2000):
    """Writes `count` clones of the models, taking turns, that ended between newest_ms - spread_ms
    and newest_ms."""
    tables = operation_tables(db)
    first = db.execute("SELECT MAX(n) FROM operations").fetchone()[0] + 1
    seq = db.execute("SELECT MAX(seq) FROM operation_events").fetchone()[0] + 1
    random_bits = 0x9E3779B97F4A7C15 + first
    for start in range(0, count, step):
        rows = collections.defaultdict(list)
        for at in range(start, min(start + step, count)):
            model, finished_ms = models[at % len(models)]
            ended_ms = newest_ms - spread_ms + spread_ms * at // count
            random_bits = random_bits * 6364136223846793005 + 1442695040888963407 & (1 << 74) - 1
            clone = Clone(first + at, "op_" + uuid7_of(ended_ms, random_bits),
                          f"s{first + at:0{len(model.target) - 1}}",  # as long as its
                          ended_ms - finished_ms)
            for table, parts in model.rows.items():
                for row in parts:
                    rows[table].append([part(clone, seq) for part in row])
                    seq += table == "operation_events"
        for table in tables:
            if rows[table]:
                marks = ", ".join("?" * len(tables[table]))
                db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows[table])
        db.commit()


@contextlib.contextmanager
def indexed(db):
    """Rows that the hub never looks for by their operation are found quickly meanwhile."""
    tables = [table for table, columns in operation_tables(db).items() if "n" not in columns]
    for table in tables:
        db.execute(f"CREATE INDEX indexed_{table} ON {table} (operation_id)")
    yield
    for table in tables:
        db.execute(f"DROP INDEX indexed_{table}")


def remove_operations(db, models):
    for table, columns in reversed(operation_tables(db).items()):
        if "n" in columns:
            db.executemany(f"DELETE FROM {table} WHERE n IN "
                           "(SELECT n FROM operations WHERE operation_id = ?)",
                           [(model.id,) for model, _ in models])
        else:
            db.executemany(f"DELETE FROM {table} WHERE operation_id = ?",
                           [(model.id,) for model, _ in models])
    db.commit()


def check_shape(db, models, samples=100):
    """Random clones have the rows, the types and the JSON keys of real operations; or an error."""
    tables = operation_tables(db)
    shapes = {json.dumps(shape(model.rows, lambda part, c=Clone(0, model.id, model.target, 0):
                               part(c, 0))) for model, _ in models}
    for number, operation_id in db.execute(
            "SELECT n, operation_id FROM operations WHERE finished_at IS NOT NULL "
            "ORDER BY RANDOM() LIMIT ?", (samples,)).fetchall():
        rows = collections.defaultdict(list)
        for table, columns in tables.items():
            key, value = ("n", number) if "n" in columns else ("operation_id", operation_id)
            found = db.execute(f"SELECT * FROM {table} WHERE {key} = ?", (value,)).fetchall()
            if found:
                rows[table] = found
        if json.dumps(shape(rows, lambda cell: cell)) not in shapes:
            raise AssertionError(f"{operation_id} is not like the operations it was made from")


def shape(rows, cell_of):
    return {table: [[shape_of_cell(cell_of(part)) for part in row] for row in found]
            for table, found in sorted(rows.items())}


def shape_of_cell(cell):
    if isinstance(cell, str) and cell[:1] in "{[":
        return shape_of_json(json.loads(cell))
    return [type(cell).__name__, len(cell) if isinstance(cell, str) else 0]


def shape_of_json(value):
    if isinstance(value, dict):  # a key may name the target: "skill:notes"
        return {re.sub(":.*", ":*", key): shape_of_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape_of_json(each) for each in value]
    return type(value).__name__
