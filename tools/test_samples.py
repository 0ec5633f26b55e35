#!/usr/bin/env python3
"""Checks the sample registry and runs the tests of its skills. Run by ctest as `samples`.

What a manifest promises must be there: every tool's entry is a function with the parameters of its
input_schema, every skill a scenario needs or calls is in the registry, every artifact has a README,
a version and a fixed date. Then each skill's tests run in a process of their own, as an author
runs them.
"""
import importlib.util
import inspect
import pathlib
import re
import subprocess
import sys

try:
    import yaml
except ImportError:
    sys.exit("test_samples: cannot read manifests: apt-get install python3-yaml")

ROOT = pathlib.Path(__file__).resolve().parent.parent
REGISTRY = ROOT / "examples" / "registry"
SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")
INSTALL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
CYRILLIC = re.compile(r"[а-яё]", re.I)
LATIN = re.compile(r"[a-z]", re.I)


def common_problems(folder, manifest):
    name = folder.name
    if not INSTALL_NAME.fullmatch(name):
        yield "the folder's name is no install name"
    if manifest.get("name", name) != name or manifest.get("id", name) != name:
        yield "the manifest has another name than the folder"
    if not SEMVER.fullmatch(str(manifest.get("version"))):
        yield f"version {manifest.get('version')} is not semver"
    if not DATE.fullmatch(str(manifest.get("updated_at"))):
        yield "updated_at is missing, or not like '2026-01-31T09:00:00+00:00'"
    if not (folder / "README.md").is_file():
        yield "there is no README.md"
    for key in ("title", "description"):
        text, translated = str(manifest.get(key, "")), manifest.get(f"{key}_i18n")
        if not text:
            yield f"{key} is missing"
        elif translated is None and (not CYRILLIC.search(text) or LATIN.search(text)):
            yield f"{key} has no {key}_i18n, and is not in Russian alone"
        elif translated and (set(translated) != {"en", "ru"} or translated["en"] != text):
            yield f"{key}_i18n must have en, equal to {key}, and ru"


def load_handlers(folder):
    """handlers/main.py as a module; pip dependencies come from the wheels beside it."""
    wheels = [str(path) for path in sorted((folder / "wheels").glob("*.whl"))]
    sys.path[:0] = wheels
    try:
        spec = importlib.util.spec_from_file_location(
            f"{folder.name}_handlers", folder / "handlers" / "main.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        del sys.path[:len(wheels)]


def tool_problems(tool, module):
    path, _, function_name = str(tool.get("entry", "")).partition(":")
    function = getattr(module, function_name, None)
    if path != "handlers.main" or not callable(function):
        yield f"tool {tool.get('name')}: entry {tool.get('entry')} is no function"
        return
    schema = tool.get("input_schema", {})
    parameters = inspect.signature(function).parameters
    if set(schema.get("properties", {})) != set(parameters):
        yield f"tool {tool['name']}: input_schema and {function_name}{tuple(parameters)} differ"
    needed = {p.name for p in parameters.values() if p.default is inspect.Parameter.empty}
    if set(schema.get("required", [])) != needed:
        yield f"tool {tool['name']}: required must be {sorted(needed)}"


def skill_problems(folder, manifest):
    yield from common_problems(folder, manifest)
    if manifest.get("runtime", {}).get("python") != "3.11":
        yield "runtime.python is not '3.11'"
    module = load_handlers(folder)
    tools = manifest.get("tools", [])
    names = [tool.get("name") for tool in tools]
    if not names or len(set(names)) != len(names):
        yield "tools are missing or have one name twice"
    if manifest.get("default_tool") not in names:
        yield "default_tool is no tool"
    if manifest.get("exports", {}).get("tools") != names:
        yield "exports.tools and tools differ"
    for tool in tools:
        yield from tool_problems(tool, module)


def scenario_problems(folder, manifest, skill_tools):
    yield from common_problems(folder, manifest)
    skills = manifest.get("runtime", {}).get("skills", {})
    required = list(dict.fromkeys(manifest.get("depends", []) + skills.get("required", [])))
    for name in required + skills.get("optional", []):
        if name not in skill_tools:
            yield f"it needs {name}, which is not in the registry"
    for step in manifest.get("steps", []):
        skill, _, tool = str(step.get("call", "")).partition(".")
        if skill not in required:
            yield f"step {step.get('name')} calls {skill}, which it does not require"
        elif tool not in skill_tools.get(skill, ()):
            yield f"step {step.get('name')}: {skill} has no tool {tool}"


def run_tests(folder):
    """(how many ran, what went wrong)"""
    ran = subprocess.run([sys.executable, "-B", "-m", "unittest", "discover"], cwd=folder,
                         capture_output=True, text=True, timeout=120, check=False)
    count = re.search(r"^Ran (\d+) tests?", ran.stderr, re.M)
    number = int(count[1]) if count else 0
    return number, [] if ran.returncode == 0 and number else [ran.stderr.strip()]


def report(folder, note, problems):
    print(f"{'FAIL' if problems else 'ok':4}  {folder.relative_to(REGISTRY)}  {note}")
    for problem in problems:
        print("      " + problem.replace("\n", "\n      "))
    return len(problems)


def main():
    sys.dont_write_bytecode = True
    failures = tests = 0
    skills = sorted(path.parent for path in REGISTRY.glob("skills/*/skill.yaml"))
    scenarios = sorted(path.parent for path in REGISTRY.glob("scenarios/*/scenario.yaml"))
    skill_tools = {}
    for folder in skills:
        manifest = yaml.safe_load((folder / "skill.yaml").read_text(encoding="utf-8"))
        skill_tools[folder.name] = {tool.get("name") for tool in manifest.get("tools", [])}
        count, problems = run_tests(folder)
        tests += count
        failures += report(folder, f"{count} tests", [*skill_problems(folder, manifest), *problems])
    for folder in scenarios:
        manifest = yaml.safe_load((folder / "scenario.yaml").read_text(encoding="utf-8"))
        failures += report(folder, "", list(scenario_problems(folder, manifest, skill_tools)))
    print(f"{len(skills)} skills, {len(scenarios)} scenarios, {tests} tests, {failures} problems")
    return 1 if failures or not skills or not scenarios else 0


if __name__ == "__main__":
    sys.exit(main())
