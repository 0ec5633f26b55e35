#!/usr/bin/env python3
"""Builds the wheel of the sample registry from examples/wheels-src, the same bytes every time.

    tools/build_sample_wheel.py            writes it
    tools/build_sample_wheel.py --check    says whether the one in the registry is up to date

A wheel is a zip with three files of metadata. Nothing in this one depends on when or where it is
made: files are sorted, stored without compression, and dated 1980-01-01.
"""
import base64
import hashlib
import io
import pathlib
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "examples" / "wheels-src"
TARGET = ROOT / "examples" / "registry" / "skills" / "table_skill" / "wheels"
NAME, VERSION = "adaos_sample_tables", "1.0.0"

METADATA = f"""Metadata-Version: 2.1
Name: {NAME}
Version: {VERSION}
Summary: Plain-text and Markdown tables whose columns line up, in any script
Requires-Python: >=3.9
"""
WHEEL = """Wheel-Version: 1.0
Generator: build_sample_wheel
Root-Is-Purelib: true
Tag: py3-none-any
"""


def record_line(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def build():
    """The bytes of the wheel."""
    info = f"{NAME}-{VERSION}.dist-info"
    files = {path.relative_to(SOURCE).as_posix(): path.read_bytes()
             for path in sorted((SOURCE / NAME).rglob("*.py"))}
    files[f"{info}/METADATA"] = METADATA.encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    record = "".join(record_line(name, data) for name, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as wheel:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, data)
    return out.getvalue()


def main():
    path = TARGET / f"{NAME}-{VERSION}-py3-none-any.whl"
    data = build()
    if sys.argv[1:] == ["--check"]:
        if path.is_file() and path.read_bytes() == data:
            print(f"{path.name} is up to date")
            return 0
        print(f"{path} is not what its sources make: run tools/build_sample_wheel.py",
              file=sys.stderr)
        return 1
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    TARGET.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
