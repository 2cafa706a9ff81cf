# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the records of runs stand on the controller: a folder per run, readable by its owner alone.

    <report directory>/<cluster>_<begin of the run>_<run id>/
        pieces.jsonl    what each task has left so far; goes when the record is complete
        report.json     the record
        report.html, report.csv

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tempfile
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .pieces import Piece, Pieces, parse, to_line

PIECES = "pieces.jsonl"
RECORD = "report.json"

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600

_ID = re.compile(r"_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")

Record: t.TypeAlias = dict[str, t.Any]
"""A record as it stands in report.json."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    Args:
        path: where it is.
    """

    path: Path

    @property
    def run_id(self) -> str:
        """The run."""
        found = _ID.search(self.path.name)
        return found.group(1) if found else ""

    @property
    def record_file(self) -> Path:
        """The record in JSON."""
        return self.path / RECORD

    def append(self, piece: Piece, *, is_synced: bool = False) -> None:
        """Add a piece; tasks of several hosts may do so at the same time.

        Args:
            piece: the piece.
            is_synced: whether it has to be on the disk before the run goes on.

        Raises:
            OSError: it could not be written.
        """
        self.path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        number = os.open(self.path / PIECES, os.O_RDWR | os.O_APPEND | os.O_CREAT, _FILE_MODE)
        with os.fdopen(number, "rb+") as file:
            with contextlib.suppress(OSError):
                # A file system without locks still takes a short line in one piece.
                fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    # The line before was cut off by a kill: it must not take this one with it.
                    file.write(b"\n")
            file.write(to_line(piece).encode("ascii"))
            file.flush()
            if is_synced:
                os.fsync(file.fileno())

    def pieces(self) -> Pieces:
        """Return what the tasks have left.

        Raises:
            OSError: it could not be read.
        """
        try:
            text = (self.path / PIECES).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return Pieces()
        return parse(text)

    def record(self) -> Record | None:
        """Return the record, None when none was made yet.

        Raises:
            OSError: it could not be read.
            ValueError: what stands there is no record.
        """
        try:
            text = self.record_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError(f"{self.record_file} holds no JSON") from None
        if not isinstance(found, dict) or not isinstance(found.get("run"), dict) or not isinstance(found.get("nodes"), list):
            raise ValueError(f"{self.record_file} is no record of a run")
        return found

    def write(self, name: str, text: str) -> Path:
        """Write a file of the report, whole or not at all.

        Args:
            name: of the file.
            text: what goes into it.

        Raises:
            OSError: it could not be written.
        """
        return write_whole(self.path / name, text)

    def forget_pieces(self) -> None:
        """Remove the pieces, which the record holds by now."""
        (self.path / PIECES).unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> Path:
    """Write a file that its owner alone may read, so that nobody ever sees a half of it.

    Raises:
        OSError: it could not be written.
    """
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    # mkstemp gives it to its owner alone, whatever the umask.
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def folder_of(directory: Path, cluster: str, started_at: datetime, run_id: str) -> RunFolder:
    """Return the folder of a run.

    Args:
        directory: the report directory.
        cluster: name of the cluster.
        started_at: begin of the run.
        run_id: the run.
    """
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", cluster).strip(".-") or "cluster"
    return RunFolder(directory / f"{name}_{started_at:%Y%m%dT%H%M%SZ}_{run_id.casefold()}")


def run_folders(directory: Path) -> Iterator[RunFolder]:
    """Give the folders of all runs, the oldest first.

    Raises:
        OSError: the directory could not be read.
    """
    if not directory.is_dir():
        return
    found = [RunFolder(path) for path in directory.iterdir() if path.is_dir() and _ID.search(path.name)]
    # After the cluster's name the begin of the run stands in the name.
    yield from sorted(found, key=lambda folder: folder.path.name.rsplit("_", 2)[1:])
