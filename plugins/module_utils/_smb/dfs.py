# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a path of a DFS namespace leads (MS-DFSC 3.1.4, 3.1.5).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from . import library
from .errors import SharePathError
from .failures import path_failure
from .link import SUCCESS, ServerLink
from .path_statuses import path_failure_of_status
from .unc import UncPath, parse_unc

_ANSWER_BYTES = 56 * 1024


def referral_targets(link: ServerLink, path: UncPath) -> list[UncPath]:
    """Ask a server where a path leads.

    Args:
        link: connection to the server that the path names.
        path: in a DFS namespace.

    Returns:
        The paths that stand for it, in the server's order; targets that are no paths of shares are left out.

    Raises:
        ShareError: the server gives no referral for the path.
    """
    # A request names the path with one backslash in front (MS-DFSC 2.2.2).
    asked = str(path)[1:]
    referral = library.DFSReferralRequest()
    referral["request_file_name"] = asked
    request = library.SMB2IOCTLRequest()
    request["ctl_code"] = library.CtlCode.FSCTL_DFS_GET_REFERRALS
    request["file_id"] = b"\xff" * 16
    request["max_output_response"] = _ANSWER_BYTES
    request["flags"] = library.IOCTLFlags.SMB2_0_IOCTL_IS_FSCTL
    request["buffer"] = referral
    (answer,) = link.exchange(link.enter("IPC$"), [request], path)
    if answer.status != SUCCESS:
        raise path_failure_of_status(answer.status, path)
    try:
        consumed, addresses = _read(answer.data)
    except Exception as error:
        raise path_failure(error, path) from None
    # What the referral stands for is counted in bytes of UTF-16 (MS-DFSC 2.2.4).
    rest = asked[consumed // 2 :].strip("\\")
    return [target for address in addresses if (target := _target(address, rest)) is not None]


def _read(data: bytes) -> tuple[int, list[str]]:
    envelope = library.SMB2IOCTLResponse()
    envelope.unpack(data)
    answer = library.DFSReferralResponse()
    answer.unpack(envelope["buffer"].get_value())
    addresses = [entry.network_address for entry in answer["referral_entries"].get_value()]
    return answer["path_consumed"].get_value(), [address for address in addresses if isinstance(address, str)]


def _target(address: str, rest: str) -> UncPath | None:
    try:
        return parse_unc("\\\\" + address.strip("\\")).child(rest)
    except SharePathError:
        return None
