# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes examples/awx/job_templates.json, which `awx import` takes, from examples/awx/templates.yml: `python -m tools.awx_import`.

The form is what `awx export` of awxkit 24 writes: fields of the API, with natural keys in place of ids.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "awx"
TARGET = FOLDER / "job_templates.json"


def read_settings() -> dict[str, t.Any]:
    """Return what templates.yml says."""
    return t.cast("dict[str, t.Any]", yaml.safe_load((FOLDER / "templates.yml").read_text(encoding="utf-8")))


def assets(settings: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the job templates as `awx import` takes them.

    Args:
        settings: see read_settings.
    """
    return {"job_templates": [_job_template(settings, template) for template in settings["awx_job_templates"]]}


def _job_template(settings: dict[str, t.Any], template: dict[str, t.Any]) -> dict[str, t.Any]:
    organization = {"name": settings["awx_organization"], "type": "organization"}

    def key(kind: str, name: str) -> dict[str, t.Any]:
        return {"organization": organization, "name": name, "type": kind}

    machine = {"name": "Machine", "kind": "ssh", "type": "credential_type"}
    return {
        "name": template["name"],
        "description": template["description"],
        "job_type": template["job_type"],
        "project": key("project", settings["awx_project"]["name"]),
        "playbook": template["playbook"],
        "inventory": key("inventory", settings["awx_inventory"]),
        "execution_environment": {"name": settings["awx_execution_environment"]["name"], "type": "execution_environment"},
        # The API takes variables as a text.
        "extra_vars": json.dumps(template["extra_vars"]),
        "forks": settings["awx_forks"],
        "job_slice_count": 1,
        "allow_simultaneous": False,
        "timeout": 0,
        "survey_enabled": True,
        "related": {
            "credentials": [key("credential", settings["awx_machine_credential"]) | {"credential_type": machine}],
            "survey_spec": {"name": template["name"], "description": template["description"], "spec": template["survey"]},
        },
        "natural_key": key("job_template", template["name"]),
    }


def text() -> str:
    """Return the content of the file."""
    return json.dumps(assets(read_settings()), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
