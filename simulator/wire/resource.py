# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resource URIs: which namespace and class a request means (wsman-cim.md 1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ..cim import CimFault, ClassSchema, NodeProvider
from . import names
from .faults import ProtocolFault

NAMESPACE_SELECTOR = "__cimnamespace"


@dataclass(frozen=True)
class Target:
    """What a resource URI names."""

    namespace: str
    class_name: str | None
    """None for "all classes"."""

    is_dmtf: bool
    """True for the scheme that Windows' own CIM cmdlets use."""

    def class_uri(self, namespace: str, class_name: str) -> str:
        """Return the URI of a class in the scheme of this request: it is the XML namespace of its elements."""
        return names.DMTF_BASE + class_name if self.is_dmtf else f"{names.WMI_BASE}{namespace}/{class_name}"


def parse_target(uri: str, namespace_selector: str | None) -> Target:
    """Return what a CIM resource URI names.

    Args:
        uri: of the w:ResourceURI header.
        namespace_selector: value of __cimnamespace, None when it is missing.

    Raises:
        ProtocolFault: no plug-in serves the URI, or the selector contradicts it.
    """
    folded = uri.casefold()
    given = _tidy(namespace_selector) if namespace_selector is not None else None
    if folded.startswith(names.WMI_BASE.casefold()):
        namespace, _unused, class_name = uri[len(names.WMI_BASE) :].partition("?")[0].rpartition("/")
        if not namespace or not class_name:
            raise _unreachable(uri)
        if given is not None and given != _tidy(namespace):
            raise ProtocolFault(
                names.DIFFERENT_CIM_SELECTOR,
                "The __cimnamespace selector does not match the namespace of the URI.",
                subcode="w:InternalError",
            )
        return Target(_tidy(namespace), None if class_name == "*" else class_name, is_dmtf=False)
    if folded == names.DMTF_ALL.casefold():
        return Target(given or names.DEFAULT_DMTF_NAMESPACE, None, is_dmtf=True)
    if folded.startswith(names.DMTF_BASE.casefold()):
        class_name = uri[len(names.DMTF_BASE) :]
        if not class_name or "/" in class_name:
            raise _unreachable(uri)
        return Target(given or names.DEFAULT_DMTF_NAMESPACE, None if class_name == "*" else class_name, is_dmtf=True)
    raise ProtocolFault(
        names.DESTINATION_UNREACHABLE, f"The WS-Management service cannot process the request. No plug-in serves the resource URI {uri}."
    )


def find_class(provider: NodeProvider, target: Target) -> ClassSchema:
    """Return the class a request means.

    Raises:
        CimFault: the namespace or the class does not exist.
        ProtocolFault: the request names no class.
    """
    if target.class_name is None:
        raise ProtocolFault(names.ACTION_NOT_SUPPORTED, "The action is not supported by all classes of a namespace at once.")
    schema = provider.schema(target.namespace, target.class_name)
    if schema is None:
        raise CimFault(
            names.RESOURCE_NOT_FOUND,
            "The WS-Management service cannot process the request. The service cannot find the resource identified by the resource URI "
            "and selectors.",
        )
    return schema


def _tidy(namespace: str) -> str:
    return namespace.replace("\\", "/").strip("/").casefold()


def _unreachable(uri: str) -> ProtocolFault:
    return ProtocolFault(names.DESTINATION_UNREACHABLE, f"The resource URI {uri} names no class.", detail="InvalidResourceURI")
