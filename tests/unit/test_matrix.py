# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix says what it has not run, and its exit code tells passed from failed and from left out."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tools import matrix

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "make_environment", lambda _row, _python: None)


@pytest.mark.parametrize(
    ("missing", "failing", "code"),
    [(set(), set(), 0), ({"3.13"}, set(), 3), (set(), {"2.19"}, 1), ({"3.12"}, {"2.19"}, 1), ({"3.11"}, {"2.20"}, 1)],
)
def test_exit_code_tells_failed_rows_from_rows_left_out(
    missing: set[str], failing: set[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "find_python", lambda version: None if version in missing else Path(sys.executable))
    monkeypatch.setattr(matrix, "run_row", lambda row, _tests: row.core not in failing)
    assert matrix.main([]) == code
    said = capsys.readouterr().out
    for version in missing:
        assert re.search(rf"LEFT OUT, as this machine has no Python {version}: apt-get install python{version}", said)
    assert said.count("FAILED") == len(failing)


def test_release_that_is_in_no_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        matrix.main(["2.17"])
    assert ended.value.code == 2
    assert "2.17 is no release of the matrix: 2.18, 2.19, 2.20, 2.21" in capsys.readouterr().err


def test_interpreter_of_another_version_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "versions" / "3.1.0" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    fake.symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert matrix.find_python("3.1") is None
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / "versions" / "3.1.0").rename(tmp_path / "versions" / f"{own}.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert matrix.find_python(own) == tmp_path / "versions" / f"{own}.0" / "bin" / "python"


def test_libraries_of_the_tests_keep_their_bounds() -> None:
    found = matrix.libraries_of((CHECKOUT / "requirements-dev.txt").read_text(encoding="utf-8"))
    assert len(found) == len(matrix.LIBRARIES)
    assert all(">=" in line for line in found)


def test_every_test_of_the_matrix_exists() -> None:
    assert [name for name in matrix.TESTS if not (CHECKOUT / name).exists()] == []
