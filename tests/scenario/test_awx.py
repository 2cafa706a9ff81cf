# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX is given: the execution environment, the objects of the example, and their variables."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.harness.processes import CHECKOUT, clean_environment
from tools import awx_import

EXAMPLES = CHECKOUT / "examples"
PROJECT = EXAMPLES / "awx" / "project"

# The options of the modules that configure.yml uses, and which of them are required: awx.awx 24.6.1.
AWX_OPTIONS: dict[str, dict[str, bool]] = {
    "credential": {"name": True, "credential_type": True, "organization": False, "update_secrets": False},
    "credential_type": {"name": True, "kind": False, "inputs": False, "injectors": False},
    "execution_environment": {"name": True, "image": False, "organization": False},
    "inventory": {"name": True, "organization": True},
    "inventory_source": dict.fromkeys(("organization", "source", "source_project", "source_path", "credential"), False)
    | dict.fromkeys(("execution_environment", "overwrite", "overwrite_vars", "update_on_launch", "update_cache_timeout"), False)
    | {"name": True, "inventory": True},
    "job_template": dict.fromkeys(
        ("description", "organization", "job_type", "project", "playbook", "inventory", "credentials", "execution_environment"), False
    )
    | dict.fromkeys(("extra_vars", "forks", "job_slice_count", "allow_simultaneous", "timeout", "survey_enabled", "survey_spec"), False)
    | {"name": True},
    "project": {"name": True, "organization": False, "scm_type": False, "scm_url": False, "wait": False},
    "workflow_job_template": dict.fromkeys(("description", "organization", "allow_simultaneous", "survey_enabled", "survey_spec"), False)
    | {"name": True},
    "workflow_job_template_node": dict.fromkeys(("organization", "unified_job_template", "lookup_organization", "approval_node"), False)
    | dict.fromkeys(("success_nodes", "failure_nodes"), False)
    | {"identifier": True, "workflow_job_template": True},
}

# Variables of the playbooks that are none of the role.
OF_PLAYBOOKS = {"rolling_update_hosts": "str", "rolling_update_stop_timeout": "int", "report_cluster": "str"}

STAND_IN = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({{name: {{"type": "raw", "required": needed}} for name, needed in {options!r}.items()}})
module.exit_json(changed=True, given=module.params)
"""


def command(folder: Path, program: str, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment with a home of its own."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    settings = {"ANSIBLE_HOME": str(home), "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_NOCOLOR": "1", **extra}
    path = str(Path(sys.executable).parent / program)
    environment = clean_environment(home, settings)
    return subprocess.run([path, *arguments], env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def collections(tmp_path: Path) -> Path:
    """A folder with stand-ins for the modules of awx.awx, which take exactly the options that those have."""
    modules = tmp_path / "collections" / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name, options in AWX_OPTIONS.items():
        (modules / f"{name}.py").write_text(STAND_IN.format(options=options), encoding="utf-8")
    return tmp_path / "collections"


def test_example_of_an_execution_environment_makes_a_build_context(tmp_path: Path) -> None:
    definition = str(EXAMPLES / "execution-environment.yml")
    done = command(tmp_path, "ansible-builder", "create", "-f", definition, "-c", str(tmp_path / "context"))
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert wanted["collections"] == [{"name": "cluster_aware.updating", "version": ">=0.2.0"}]
    assert list((tmp_path / "context").glob("*file"))


def test_builder_finds_packages_of_the_collection(tmp_path: Path) -> None:
    root = tmp_path / "ansible_collections" / "cluster_aware" / "updating"
    (root / "meta").mkdir(parents=True)
    for name in ("galaxy.yml", "bindep.txt", "meta/execution-environment.yml", "meta/ee-requirements.txt"):
        shutil.copy(CHECKOUT / name, root / name)
    done = command(tmp_path, "ansible-builder", "introspect", str(tmp_path), "-v0")
    assert done.returncode == 0, done.stdout + done.stderr
    found = yaml.safe_load(done.stdout)
    python, system = json.dumps(found["python"]), json.dumps(found["system"])
    assert "pywinrm[kerberos,credssp]" in python
    assert "krb5-workstation" in system


def test_execution_environment_needs_no_less_than_the_collection() -> None:
    def bounds(path: Path) -> dict[str, str]:
        lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
        pairs = (line.partition(">=")[::2] for line in lines if line)
        return {package.partition("[")[0].strip(): version.strip() for package, version in pairs}

    wanted = bounds(CHECKOUT / "requirements.txt")
    found = bounds(CHECKOUT / "meta" / "ee-requirements.txt")
    assert {package: found.get(package) for package in wanted} == wanted


def test_data_for_awx_import_is_what_the_settings_say() -> None:
    assert awx_import.TARGET.read_text(encoding="utf-8") == awx_import.text()


def test_import_names_everything_by_natural_keys() -> None:
    templates = awx_import.assets(awx_import.read_settings())["job_templates"]
    assert [template["job_type"] for template in templates].count("check") == 1
    assert {template["playbook"] for template in templates} == {path.name for path in PROJECT.glob("*.yml")} - {"hv.cluster.yml"}
    for template in templates:
        assert template["natural_key"] == {
            "organization": {"name": "Default", "type": "organization"},
            "name": template["name"],
            "type": "job_template",
        }
        assert json.loads(template["extra_vars"]) is not None
        assert template["job_slice_count"] == 1


def test_survey_asks_for_variables_that_exist() -> None:
    specification = yaml.safe_load((CHECKOUT / "roles/rolling_update/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specification["argument_specs"]["main"]["options"]
    kinds = {"text": "str", "integer": "int"}
    for template in awx_import.read_settings()["awx_job_templates"]:
        assert set(template["extra_vars"]) <= set(options)
        for question in template["survey"]:
            kind = OF_PLAYBOOKS.get(question["variable"]) or options[question["variable"]].get("type", "str")
            assert kind == kinds[question["type"]]


def test_steps_of_the_workflow_are_templates_and_lead_to_steps() -> None:
    settings = awx_import.read_settings()
    steps = settings["awx_workflow"]["steps"]
    names = [step["name"] for step in steps]
    assert {step["template"] for step in steps if "template" in step} <= {template["name"] for template in settings["awx_job_templates"]}
    followed = [name for step in steps for name in (*step.get("success", []), *step.get("failure", []))]
    # Every step but the first one follows another, and stands behind it in the list, which the playbook relies on.
    assert followed == names[1:]


def test_playbook_configures_awx_with_options_that_its_modules_have(tmp_path: Path, collections: Path) -> None:
    arguments = ("-i", "localhost,", "-v", str(EXAMPLES / "awx" / "configure.yml"))
    python = f"-eansible_python_interpreter={sys.executable}"
    done = command(tmp_path, "ansible-playbook", *arguments, python, ANSIBLE_COLLECTIONS_PATH=str(collections))
    assert done.returncode == 0, done.stdout + done.stderr
    # What AWX itself fills in must arrive there as it stands.
    assert '"CLUSTER_AWARE_UPDATING_PASSWORD": "{{ password }}"' in done.stdout
    assert '"variable": "rolling_update_hotfix_root_folder_path"' in done.stdout
    assert '"approval_node": {"description": "Update the clusters now?' in done.stdout
    assert "ok=9 " in done.stdout


def test_playbooks_of_the_project_are_in_the_language(tmp_path: Path) -> None:
    paths = [str(path) for path in PROJECT.glob("*.yml") if path.name != "hv.cluster.yml"]
    collections = str(CHECKOUT / "build" / "collections")
    done = command(tmp_path, "ansible-playbook", "-i", "localhost,", "--syntax-check", *paths, ANSIBLE_COLLECTIONS_PATH=collections)
    assert done.returncode == 0, done.stdout + done.stderr


def test_inventory_of_the_project_has_options_that_the_plugin_knows() -> None:
    source: dict[str, t.Any] = yaml.safe_load((EXAMPLES / "awx" / "project" / "hv.cluster.yml").read_text(encoding="utf-8"))
    plugin = (CHECKOUT / "plugins" / "inventory" / "cluster.py").read_text(encoding="utf-8")
    documentation = yaml.safe_load(plugin.partition('DOCUMENTATION = r"""')[2].partition('"""')[0])
    assert set(source) <= set(documentation["options"])
