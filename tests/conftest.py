# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For all tests: a proxy of the environment never sees what goes over loopback."""

from __future__ import annotations

import os

for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]
