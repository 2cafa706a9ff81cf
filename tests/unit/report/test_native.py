# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Native reports are read tolerantly, and what is written has the tree that the papers tell of."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.report.native import parse, write
from hypothesis import given
from hypothesis import strategies as st

from .made import begin, built, end, good, outcome, task

NATIVE = """<?xml version="1.0" encoding="utf-16"?>
<CauReport xmlns="http://schemas.datacontract.org/2004/07/Microsoft.ClusterAwareUpdating"
    xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:s="http://schemas.datacontract.org/2004/07/System">
  <ClusterResult>
    <ErrorRecordData><s:FullyQualifiedErrorId>MaxFailedNodesExceeded</s:FullyQualifiedErrorId></ErrorRecordData>
    <NodeResults>
      <NodeResult i:type="Whatever">
        <InstallResults>
          <UpdateInstallResult>
            <ErrorCode>-2145124330</ErrorCode>
            <Unheard>of</Unheard>
            <UpdateId>u1</UpdateId>
            <UpdateResultCode>Failed</UpdateResultCode>
            <UpdateTitle>One</UpdateTitle>
          </UpdateInstallResult>
        </InstallResults>
        <Node><NodeName>NODE1</NodeName></Node>
        <Status>Failed</Status>
      </NodeResult>
    </NodeResults>
    <StartTimestamp>2026-03-01T20:00:00Z</StartTimestamp>
    <Status>PartiallyFailed</Status>
  </ClusterResult>
</CauReport>
"""


def test_native_report_is_read_by_local_names() -> None:
    report = parse(NATIVE.encode("utf-16"))
    assert (report["status"], report["started_at"], report["error"]) == (
        "PartiallyFailed",
        "2026-03-01T20:00:00Z",
        "MaxFailedNodesExceeded",
    )
    (node,) = report["nodes"]
    assert (node["node"], node["status"]) == ("NODE1", "Failed")
    assert (node["updates"][0]["code"], node["updates"][0]["symbol"]) == ("0x80240016", "WU_E_INSTALL_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no XML"),
        (b"\xff\xfe<", "no XML"),
        (b"<a/>", "neither"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><ClusterResult>&b;</ClusterResult>', "no XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><ClusterResult/>', "no XML"),
    ],
)
def test_damaged_report_says_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(data)


@given(st.binary(max_size=300))
def test_whatever_a_node_sends_is_read_or_refused_in_words(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse(data)


def test_own_report_comes_back() -> None:
    update = {"u1": {"title": "One \x00 & <two>", "state": "failed", "failure_hresult_code": 0x80240016, "failure_msg": "no"}}
    record = built([begin(), task("wua_install", 30, updates=update), outcome("node1", 60, "failed", "it failed"), end(70)])
    report = parse(write(record))
    assert report["status"] == "Failed"
    assert [node["status"] for node in report["nodes"]] == ["Failed", "Canceled"]
    assert report["nodes"][0]["updates"][0]["code"] == "0x80240016"
    assert report["nodes"][0]["updates"][0]["title"] == "One   & <two>"


def test_good_report_has_succeeded() -> None:
    assert parse(write(built(good())))["status"] == "Succeeded"
