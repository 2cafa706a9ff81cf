# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath expressions that users write; every mistake in one comes out as one sentence.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable

from .._errors import OperationError


def compiled(option: str, expression: str, wrong: Callable[[str], OperationError]) -> Callable[[object], object]:
    """Return what applies an expression to data.

    Args:
        option: where the user wrote it.
        expression: the expression.
        wrong: returns the error for a sentence.

    Raises:
        OperationError: it is no expression, or jmespath is not installed; when it is applied, that it does not fit the data.
    """
    try:
        import jmespath  # noqa: PLC0415
        import jmespath.exceptions  # noqa: PLC0415
    except ImportError as error:
        missing = wrong(f"the option {option} needs the Python package jmespath, which the controller lacks")
        missing.remedy = "Install jmespath"
        raise missing from error
    errors: tuple[type[Exception], ...] = (jmespath.exceptions.JMESPathError, ValueError, TypeError)
    try:
        found = jmespath.compile(expression)
    except errors as error:
        raise wrong(f"{option} is no JMESPath expression: {error}") from error

    def search(data: object) -> object:
        try:
            return found.search(data)
        except errors as error:
            raise wrong(f"{option} cannot be applied: {error}") from error

    return search
