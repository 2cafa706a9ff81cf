# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only a vendor's classes may be called by name."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import WindowsClassError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.plugins.vendor_class import require_vendor_class


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("root/contoso/hardware", "Contoso_Firmware"),
        ("ROOT\\Contoso", "Contoso_Bios"),
        ("root/cimv2", "Contoso_Tool"),
        ("root/wmi", "Contoso_X"),
    ],
)
def test_class_of_a_vendor_is_allowed(namespace: str, name: str) -> None:
    require_vendor_class(namespace, name, "Install", "node1")


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("root/cimv2", "Win32_Process"),
        ("\\ROOT\\CIMV2\\", "wIN32_pROCESS"),
        ("root/contoso", "Win32_Process"),
        ("root/cimv2", "Win32_OperatingSystem"),
        ("root/cimv2", "StdRegProv"),
        ("root/mscluster", "Anything"),
        ("root\\MSCluster", "MSCluster_Node"),
        ("root/microsoft/windows/taskscheduler", "PS_ScheduledTask"),
        ("root/Microsoft/Windows/ClusterAwareUpdating", "Other"),
        ("root/subscription", "CommandLineEventConsumer"),
        ("root", "Contoso_Firmware"),
    ],
)
def test_class_of_windows_is_refused(namespace: str, name: str) -> None:
    with pytest.raises(WindowsClassError, match="class of Windows itself"):
        require_vendor_class(namespace, name, "Create", "node1")


@pytest.mark.parametrize(
    ("namespace", "name", "method"),
    [
        ("root/contoso/../cimv2", "Contoso_Firmware", "Install"),
        ("root//cimv2", "Contoso_Firmware", "Install"),
        ("root/contoso?x", "Contoso_Firmware", "Install"),
        ("root/contoso", "../cimv2/Win32_Process", "Create"),
        ("root/contoso", "Contoso_Firmware?__cimnamespace=root/cimv2", "Create"),
        ("root/contoso", "Contoso_Firmware", "../Win32_Process/Create"),
    ],
)
def test_what_is_no_name_is_refused(namespace: str, name: str, method: str) -> None:
    with pytest.raises(WindowsClassError, match="is no name"):
        require_vendor_class(namespace, name, method, "node1")
