# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive of the collection, built by `make build`, installed into an empty directory and used from there."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.harness.processes import CHECKOUT, clean_environment
from tests.harness.stage import Stage
from tests.scenario import clusters
from tools.site.__main__ import links, reachable

from .guide import write_files

PLAYBOOK = "cluster_aware.updating.rolling_update"


@pytest.fixture(scope="module")
def archive() -> Path:
    found = sorted((CHECKOUT / "build" / "archive").glob("cluster_aware-updating-*.tar.gz"))
    assert found, "there is no archive; make build makes it"
    return found[-1]


@pytest.fixture(scope="module")
def installed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    command = [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", "install", str(archive), "-p", str(folder), "--offline"]
    environment = clean_environment(folder, {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "no"})
    subprocess.run(command, check=True, env=environment, cwd=folder, capture_output=True)
    return folder


def names(archive: Path) -> set[str]:
    with tarfile.open(archive) as content:
        return set(content.getnames())


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CHANGELOG.rst",
        "LICENSE",
        "meta/runtime.yml",
        "requirements.txt",
        "simulator/requirements.txt",
        "simulator/scenarios/hyperv-four-nodes.yml",
        "playbooks/rolling_update.yml",
        "roles/rolling_update/tasks/main.yml",
        "roles/twin/tasks/main.yml",
        "plugins/action/run_lock.py",
        "docs/README.md",
        "docs/layers.svg",
        "docs/run.md",
        "docs/troubleshooting.md",
    ],
)
def test_archive_has_what_users_need(name: str, archive: Path) -> None:
    assert name in names(archive)


def test_archive_has_nothing_of_the_checkout_alone(archive: Path) -> None:
    kept_out = ("tests", "tools", "extensions", "build", ".venv", ".git", ".ci", "Makefile", "pyproject.toml", "changelogs/fragments")
    assert [name for name in names(archive) if name.startswith(kept_out) or "__pycache__" in name] == []


def test_links_of_the_guides_hold_in_an_installed_collection(installed: Path) -> None:
    readme = installed / "ansible_collections" / "cluster_aware" / "updating" / "README.md"
    pages = [page for page in reachable(readme) if page.suffix == ".md"]
    assert len(pages) > 20
    assert [(page.name, target.name) for page in pages for target in links(page) if not target.is_file()] == []


def test_installed_collection_updates_a_cluster(installed: Path, tmp_path: Path) -> None:
    with Stage(clusters.write(tmp_path / "scenario.yml"), tmp_path, rate=60.0, collections=installed) as stage:
        listed = stage.controller.run("ansible-doc", "--list_files", "cluster_aware.updating")
        assert str(installed) in listed.screen
        assert str(CHECKOUT / "build" / "collections") not in listed.screen
        run = stage.playbook(PLAYBOOK)
        assert run.exit_code == 0, run.screen
    assert stage.verdict() == []


def test_installed_twin_serves_by_its_full_name(installed: Path) -> None:
    module = "ansible_collections.cluster_aware.updating.simulator"
    # -S and an own path: nothing of the checkout may be found, only the installed collection and the packages it needs.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    code = f"import sys; sys.path[:0] = [{str(installed)!r}, {packages!r}]; import runpy; sys.argv = ['simulator', 'check', 'minimal'];"
    code += f" runpy.run_module({module!r}, run_name='__main__')"
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=installed,
        env=clean_environment(installed),
    )
    assert found.returncode == 0, found.stderr
    assert "2 nodes" in found.stdout


def test_guide_for_own_playbooks_works_word_for_word(installed: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    guide = installed / "ansible_collections" / "cluster_aware" / "updating" / "docs" / "test_your_playbooks.md"
    assert len(write_files(guide, repository)) == 7
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(installed), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "no", "NO_COLOR": "1"}
    settings["MOLECULE_EPHEMERAL_DIRECTORY"] = str(tmp_path / "molecule")
    command = [str(Path(sys.executable).parent / "molecule"), "test"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=repository, env=clean_environment(tmp_path, settings), timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "HV01  HV01-N1 ok 1 update 1 restart" in done.stdout + done.stderr
    assert not (tmp_path / "molecule" / "twin" / "twin.pid").exists()
