"""The hub installs the dependency beside the skill; here its wheel is imported as it is."""
import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("adaos_sample_tables") is None:
    sys.path += [str(path) for path in (Path(__file__).parent.parent / "wheels").glob("*.whl")]
