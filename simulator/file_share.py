# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node's look at a file share: a real SMB connection to a server that stands for the file server of the scenario.

The provider checks the integrity of the connection and reads the file before it starts an installer (cau.md 1.2, 6.4). Which result it
gives when that fails is not documented; the twin answers with the Win32 code that the failed look has, as a launch result.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from .model.settings import FileShare

logging.getLogger("smbprotocol").addHandler(logging.NullHandler())
logging.getLogger("spnego").addHandler(logging.NullHandler())

FILE_NOT_FOUND = 0x80070002
PATH_NOT_FOUND = 0x80070003
ACCESS_DENIED = 0x80070005
NOT_SUPPORTED = 0x80070032
BAD_NETPATH = 0x80070035

# MS-ERREF 2.3.1: access denied, no such file, no such folder.
_RESULTS = {0xC0000022: ACCESS_DENIED, 0xC0000034: FILE_NOT_FOUND, 0xC000003A: PATH_NOT_FOUND}


def launch_result(shares: Sequence[FileShare], path: str, *, require_encryption: bool) -> int:
    r"""Return the HRESULT of looking for an update file: 0 when the node can read it.

    Args:
        shares: those that the scenario knows; with none at all nothing is looked for.
        path: UNC path of the file.
        require_encryption: whether the connection must be encrypted.
    """
    if not shares:
        return 0
    share = next((each for each in shares if _is_below(path, each.path)), None)
    return BAD_NETPATH if share is None else _look(share, path, require_encryption=require_encryption)


def _is_below(path: str, root: str) -> bool:
    return path.casefold().startswith(root.casefold().rstrip("\\") + "\\")


def _look(share: FileShare, path: str, *, require_encryption: bool) -> int:
    # Only scenarios with shares need the library, whose import would slow every start of a twin.
    import smbclient  # noqa: PLC0415
    from smbprotocol.exceptions import SMBException, SMBOSError  # noqa: PLC0415

    server, _separator, rest = path[2:].partition("\\")
    host = share.host or server
    cache: dict[str, object] = {}
    options = {"port": share.port, "connection_cache": cache}
    try:
        smbclient.register_session(
            host, username=share.username, password=share.password, encrypt=require_encryption or None, connection_timeout=10, **options
        )
        with smbclient.open_file(rf"\\{host}\{rest}", mode="rb", share_access="rw", **options) as file:
            file.read(1)
    except SMBOSError as error:
        # Its errno is 0 for most of these.
        return _RESULTS.get(error.ntstatus, BAD_NETPATH)
    except (OSError, ValueError):
        # What the library raises for a server that it cannot connect to.
        return BAD_NETPATH
    except SMBException:
        return NOT_SUPPORTED if require_encryption else ACCESS_DENIED
    finally:
        smbclient.reset_connection_cache(fail_on_error=False, connection_cache=cache)
    return 0
