# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress lines: shown to the user as they come, and kept for the task's result.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from ._values import one_line, scrubbed

# The widths of the two columns before the text, as design.md shows them.
LABEL_WIDTH = 14
STEP_WIDTH = 9


def progress_line(cluster: str | None, node: str | None, step: str, text: str) -> str:
    """Return one line as the user sees it.

    Args:
        cluster: name of the cluster, for lines that mean no single node.
        node: name of the node, None when the whole cluster is meant.
        step: one word of the design.
        text: what happened.
    """
    label = f"[{node}]" if node else f"[cluster {cluster}]" if cluster else "[cluster]"
    return f"{label:<{LABEL_WIDTH}} {step:<{STEP_WIDTH}} {text}"


class DisplayProgress:
    """Shows each line at once and collects it as an event.

    Args:
        show: what brings a line to the user, Display.display for instance; None shows nothing.
        secrets: what must not appear in a line; the set may grow later.
    """

    def __init__(self, show: Callable[[str], object] | None, secrets: Iterable[str] = ()) -> None:
        self.cluster: str | None = None
        self.events: list[dict[str, str | None]] = []
        self.listener: Callable[[dict[str, str | None]], None] | None = None
        """Is given every event as it happens."""
        self._show = show
        self._secrets = secrets
        self._lock = threading.Lock()

    def say(self, node: str | None, step: str, text: str) -> None:
        """Report one thing that happened, see Progress."""
        clean = str(scrubbed(one_line(text), self._secrets))
        with self._lock:
            self._keep(node, step, clean)
            if self._show is not None:
                self._show(progress_line(self.cluster, node, step, clean))

    def say_block(self, node: str | None, step: str, lines: Sequence[str]) -> None:
        """Report several lines in one piece, so that no line of another host comes between them.

        Args:
            node: name of the node, None when the whole cluster is meant.
            step: one word of the design.
            lines: the heading first.
        """
        clean = [" " * (len(line) - len(line.lstrip(" "))) + str(scrubbed(one_line(line), self._secrets)) for line in lines]
        with self._lock:
            for line in clean:
                self._keep(node, step, line.strip())
            if self._show is not None:
                self._show("\n".join([progress_line(self.cluster, node, step, clean[0]), *clean[1:]]))

    def announce(self, line: str) -> None:
        """Show a line that has no step, the summary of a run for instance."""
        clean = str(scrubbed(one_line(line), self._secrets))
        with self._lock:
            self._keep(None, "summary", clean)
            if self._show is not None:
                self._show(clean)

    def _keep(self, node: str | None, step: str, text: str) -> None:
        event = {"node": node, "step": step, "text": text}
        self.events.append(event)
        if self.listener is not None:
            self.listener(event)
