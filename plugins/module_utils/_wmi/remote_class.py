# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One remote class of one node: its calls fail in the words of this layer.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from .._errors import Outcome
from .._wsman.client import Client
from .._wsman.errors import AnswerError, FaultError
from .._wsman.events import Event
from .._wsman.instance import CimInstance
from .._wsman.kinds import Kind
from .._wsman.values import Argument
from .codes import explain, win32_code
from .errors import MethodFailedError, ProviderMissingError, WmiError

# CIM status and WBEM codes that say "no such namespace" and "no such class" and nothing else (wsman-cim.md 6.2).
_MISSING_STATUS = frozenset({3, 5})
_MISSING_CODES = frozenset({0x8004100E, 0x80041010})

# No plug-in for the URI: never about one instance.
_MISSING_WITHOUT_KEYS = frozenset({0x80338012})

# Codes of the cluster service (cau.md 2.4): with one of these the cluster has looked at the request and refused it.
_CLUSTER_REFUSALS = range(5000, 6000)


def is_missing_class(fault: FaultError, *, has_keys: bool) -> bool:
    """Return whether a fault says that the namespace or class does not exist.

    Args:
        fault: what the node answered.
        has_keys: whether an instance was addressed, so that "resource not found" may mean that one.
    """
    if has_keys:
        return fault.cim_status in _MISSING_STATUS or bool({fault.error_code, fault.wsman_code} & _MISSING_CODES)
    return fault.is_class_missing or fault.is_not_found or fault.code in _MISSING_WITHOUT_KEYS


def provider_code(fault: FaultError) -> int | None:
    """Return the code that the provider itself gave, a Win32 HRESULT reduced to its Win32 code; None when only the protocol spoke.

    Access denied, timeouts and quotas have an explanation of their own in the layer below and are left to it.
    """
    if fault.is_access_denied or fault.is_timeout or fault.is_quota:
        return None
    for raw in (fault.error_code, fault.wsman_code):
        code = win32_code(raw or 0)
        is_protocol = code >> 16 == 0x8033 or code >> 12 == 0x80041
        if code and not is_protocol:
            return code
    return None


@contextmanager
def answer_decides(kind: Kind) -> Iterator[None]:
    """Mark an answer that cannot be understood as outcome unknown, unless the operation only read."""
    try:
        yield
    except AnswerError as error:
        if kind is not Kind.READ:
            error.outcome = Outcome.UNKNOWN
        raise


class RemoteClass:
    """One class in one namespace of one node.

    Args:
        client: the connection to the node.
        namespace: slash form, lower case.
        name: class name in the spelling of the repository.
        missing_error: what is raised when the namespace or class does not exist.
        missing_text: what that means to a user.
        missing_remedy: what the user should do then.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        *,
        missing_error: type[WmiError] = ProviderMissingError,
        missing_text: str | None = None,
        missing_remedy: str | None = None,
    ) -> None:
        self.client = client
        self.namespace = namespace
        self.name = name
        self._missing_error = missing_error
        self._missing_text = missing_text or f"the class {name} in {namespace} does not exist"
        self._missing_remedy = missing_remedy

    def enumerate(self) -> list[CimInstance]:
        """Return all instances."""
        with self._faults(has_keys=False):
            return self.client.enumerate(self.namespace, self.name)

    def query(self, condition: str) -> list[CimInstance]:
        """Return the instances for which a WQL condition holds; all properties, since a narrowed SELECT loses types (wsman-cim.md 3.4)."""
        with self._faults(has_keys=False):
            return self.client.query(self.namespace, f"SELECT * FROM {self.name} WHERE {condition}")  # noqa: S608 - WQL, texts are quoted

    def get(self, keys: Mapping[str, str]) -> CimInstance:
        """Return the instance with these keys."""
        with self._faults(has_keys=True):
            return self.client.get(self.namespace, self.name, keys)

    def create(self, properties: Mapping[str, Argument]) -> dict[str, str]:
        """Create an instance and return its keys as the node gave them."""
        with self._faults(has_keys=False):
            return self.client.create(self.namespace, self.name, properties)

    def delete(self, keys: Mapping[str, str]) -> None:
        """Delete the instance with these keys."""
        with self._faults(has_keys=True):
            self.client.delete(self.namespace, self.name, keys)

    def call(self, method: str, arguments: Mapping[str, Argument], *, kind: Kind, keys: Mapping[str, str] | None = None) -> CimInstance:
        """Invoke a short method and return its output, whatever ReturnValue it holds."""
        with self._faults(has_keys=keys is not None, method=method):
            return self.client.invoke(self.namespace, self.name, method, arguments, keys=keys, kind=kind)

    def call_robust(
        self,
        method: str,
        arguments: Mapping[str, Argument],
        *,
        kind: Kind,
        deadline_seconds: float,
        keys: Mapping[str, str] | None = None,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> CimInstance:
        """Invoke a long or streaming method and return its output with everything that was streamed."""
        with self._faults(has_keys=keys is not None, method=method):
            return self.client.invoke_robust(
                self.namespace,
                self.name,
                method,
                arguments,
                keys=keys,
                kind=kind,
                deadline_seconds=deadline_seconds,
                on_event=on_event,
                should_stop=should_stop,
            )

    def check(self, method: str, output: CimInstance, *, kind: Kind, is_void: bool = False) -> None:
        """Raise unless the output says success.

        A void method of a v1 provider still shows a ReturnValue now and then; one that is there must be zero.

        Raises:
            MethodFailedError: ReturnValue is not zero.
            AnswerError: a method that is not void gave no ReturnValue.
        """
        with answer_decides(kind):
            code = output.integer("ReturnValue") if is_void else output.require_integer("ReturnValue")
        if code:
            raise self.refused(method, code)

    def refused(self, method: str, code: int) -> MethodFailedError:
        """Return the error for a method that returned `code`."""
        return MethodFailedError(
            f"{self.name}.{method} failed with {explain(code)}",
            return_value=win32_code(code),
            node=self.client.name,
        )

    @contextmanager
    def _faults(self, *, has_keys: bool, method: str | None = None) -> Iterator[None]:
        """Turn faults into the errors of this layer; one that passes as it is names the class and method that were asked."""
        try:
            yield
        except FaultError as fault:
            # A class that is found missing when the work had begun is no proof that nothing was done.
            if not fault.is_unsure and is_missing_class(fault, has_keys=has_keys):
                raise self._missing_error(
                    self._missing_text, node=self.client.name, code=fault.code, remedy=self._missing_remedy
                ) from fault
            code = provider_code(fault) if method else None
            if code is None or fault.is_not_found:
                # A fault's own text seldom says what it is about.
                fault.operation = fault.operation or (f"{self.name}.{method}" if method else self.name)
                raise
            outcome = Outcome.FAILED if code in _CLUSTER_REFUSALS and not fault.is_unsure else fault.outcome
            raise MethodFailedError(
                f"{self.name}.{method} failed with {explain(code)}",
                return_value=code,
                node=self.client.name,
                remedy=fault.remedy,
                outcome=outcome,
            ) from fault
