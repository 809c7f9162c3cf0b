"""The rules of the house, so that nobody has to remember them."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gateway"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)

MODULE_LINES = 250
FUNCTION_LINES = 40
# What may be longer, and why. A line here that is needed no more fails too.
LONG_MODULES: dict[str, str] = {
    "eventbook.py": "a table, one row an event",
    "models.py": "one table after the other, and no behaviour",
    "store/articles.py": "the statements of two tables",
    "verify.py": "it is handed on as one file, so it holds all that a verifier needs",
    "visitor.py": "lists of the machines' names",
    "web/wording.py": "a table of texts, one row a reason",
}
LONG_FUNCTIONS: dict[str, str] = {}

# The one place where the clock is read; everywhere else an instant comes as `now`.
CLOCK = "runtime.py"
CLOCK_CALLS = {"now", "utcnow", "today"}
STATEMENT = re.compile(r"\s*(SELECT|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|PRAGMA)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, Function))


def test_the_import_contracts_hold() -> None:
    lint = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ]
    done = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_imported_inside_a_function() -> None:
    inside = [
        f"{_name(path)}:{node.lineno}"
        for path in MODULES
        for function in _functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_a_module_holds_one_thought() -> None:
    long = {
        _name(path): lines for path in MODULES if (lines := path.read_bytes().count(b"\n")) > MODULE_LINES
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_MODULES} == {}
    assert set(LONG_MODULES) <= set(long), "these are short enough now; take them off the list"


def test_a_function_does_one_thing() -> None:
    long = {
        f"{_name(path)}:{function.name}": lines
        for path in MODULES
        for function in _functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "these are short enough now; take them off the list"


def test_every_module_says_what_it_is() -> None:
    assert [
        _name(path) for path in MODULES if path.stat().st_size and not ast.get_docstring(_tree(path))
    ] == []


def test_the_clock_is_read_in_one_place() -> None:
    readings = [
        f"{_name(path)}:{node.lineno}"
        for path in MODULES
        if _name(path) != CLOCK
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (
            (node.value.id in {"datetime", "date"} and node.attr in CLOCK_CALLS)
            or (node.value.id == "time" and node.attr in {"time", "time_ns"})
        )
    ]
    assert readings == []


def test_the_web_speaks_no_sql() -> None:
    spoken = [
        f"{_name(path)}:{node.lineno}"
        for path in MODULES
        if path.is_relative_to(PACKAGE / "web")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value)
    ]
    assert spoken == []


def test_every_package_that_is_imported_is_required_by_name() -> None:
    required = {canonicalize_name(Requirement(line).name) for line in PROJECT["project"]["dependencies"]}
    providers = packages_distributions()
    missing = {
        f"{_name(path)} imports {package}"
        for path in PACKAGE.rglob("*.py")
        for package in _imported(_tree(path))
        if package not in sys.stdlib_module_names
        and package != "gateway"
        and not required & {canonicalize_name(provider) for provider in providers.get(package, [])}
    }
    assert missing == set()


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _locked(name: str) -> dict[str, Version]:
    """Read a lock: every package's version, every one of them with a hash."""
    locked = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text()):
        assert "--hash=sha256:" in entry, f"{name}: no hash for {entry.splitlines()[0]}"
        package, version = entry.split()[0].split("==")
        locked[canonicalize_name(package.partition("[")[0])] = Version(version)
    return locked


def test_the_lock_fits_what_the_project_requires() -> None:
    locked = _locked("requirements.txt")
    for line in [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]:
        wanted = Requirement(line)
        assert locked[canonicalize_name(wanted.name)] in wanted.specifier, f"{line}: run `make lock`"


def test_tests_run_on_the_versions_that_are_installed_for_readers() -> None:
    tested = _locked("requirements-dev.txt")
    assert {name: (version, tested.get(name)) for name, version in _locked("requirements.txt").items()} == {
        name: (version, version) for name, version in _locked("requirements.txt").items()
    }


def test_a_developers_tool_that_is_listed_is_locked() -> None:
    lines = (ROOT / "requirements-dev.in").read_text().splitlines()
    listed = {
        canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")
    }
    assert listed <= set(_locked("requirements-dev.txt"))


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert [word for word in ("://", "index-url", "find-links", "@ file") if word in text] == []
