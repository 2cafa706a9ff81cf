# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that need no server."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.sid_names import relative_name, well_known_name


@pytest.mark.parametrize(
    ("sid", "name"),
    [
        ("S-1-1-0", "Everyone"),
        ("S-1-3-0", "CREATOR OWNER"),
        ("S-1-3-4", "OWNER RIGHTS"),
        ("S-1-5-18", "NT AUTHORITY\\SYSTEM"),
        ("S-1-5-32-545", "BUILTIN\\Users"),
        ("S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", "NT SERVICE\\TrustedInstaller"),
        ("S-1-15-2-1", "APPLICATION PACKAGE AUTHORITY\\ALL APPLICATION PACKAGES"),
        ("S-1-5-21-1-2-3-1105", None),
    ],
)
def test_sid_that_is_the_same_everywhere_has_its_name(sid: str, name: str | None) -> None:
    assert well_known_name(sid) == name


@pytest.mark.parametrize(
    ("sid", "name"),
    [
        ("S-1-5-21-1-2-3-512", "Domain Admins (S-1-5-21-1-2-3-512)"),
        ("S-1-5-21-1-2-3-515", "Domain Computers (S-1-5-21-1-2-3-515)"),
        ("S-1-5-21-1-2-3-1105", None),
        ("S-1-5-32-512", None),
    ],
)
def test_account_that_every_domain_has_is_named_with_its_sid(sid: str, name: str | None) -> None:
    assert relative_name(sid) == name
