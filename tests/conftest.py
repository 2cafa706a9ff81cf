# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For all tests: a proxy of the environment never sees what goes over loopback, and the tests for a plugin need the plugin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests for pytest-ansible out where it is not loaded; `make pytest-ansible` loads it."""
    is_loaded = config.pluginmanager.hasplugin("pytest_ansible.plugin") or config.pluginmanager.hasplugin("ansible")
    return True if collection_path.name == "pytest_ansible" and not is_loaded else None
