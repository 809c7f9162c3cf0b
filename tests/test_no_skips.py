"""With CI=true nothing is skipped unnoticed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SKIPPED_TEST = "import pytest\ndef test_in_a_browser():\n    pytest.skip('no browser')\n"
SKIPPED_FIXTURE = "import pytest\n@pytest.fixture\ndef server():\n    pytest.skip('no server')\ndef test_it(server):\n    pass\n"
SKIPPED_MODULE = "import pytest\npytest.importorskip('there_is_no_such_module')\n"
EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail\ndef test_it():\n    assert False\n"


def _run(tmp_path: Path, code: str, ci: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_it.py").write_text(code)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.no_skips",
        "-p",
        "no:cacheprovider",
        "-q",
        str(tmp_path),
    ]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (SKIPPED_TEST, "no browser"),
        (SKIPPED_FIXTURE, "no server"),
        (SKIPPED_MODULE, "there_is_no_such_module"),
    ],
    ids=["test", "fixture", "module"],
)
def test_a_skip_fails_in_ci_and_says_why(tmp_path: Path, code: str, reason: str) -> None:
    done = _run(tmp_path, code, "true")
    assert done.returncode in {1, 2}
    assert "nothing is skipped with CI=true" in done.stdout
    assert reason in done.stdout


@pytest.mark.parametrize("code", [SKIPPED_TEST, SKIPPED_FIXTURE])
def test_elsewhere_a_skip_stays_a_skip(tmp_path: Path, code: str) -> None:
    done = _run(tmp_path, code, "")
    assert done.returncode == 0
    assert "1 skipped" in done.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert "1 xfailed" in _run(tmp_path, EXPECTED_FAILURE, "true").stdout
