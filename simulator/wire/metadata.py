# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Class definitions over the wire (wsman-cim.md 5)."""

from __future__ import annotations

from ..cim import CimFault, FaultStyle
from . import names
from .answer import Answer
from .cim_xml import append_class
from .faults import ProtocolFault
from .message import is_true
from .node_state import Effect, RequestContext
from .resource import NAMESPACE_SELECTOR


def prepare_get_class(context: RequestContext) -> Effect:
    """Read the definition of the class that the selectors name."""
    name = context.message.selector("ClassName")
    namespace = (context.message.selector(NAMESPACE_SELECTOR) or names.DEFAULT_DMTF_NAMESPACE).replace("\\", "/").strip("/")
    if not name:
        raise ProtocolFault(names.MISSING_CLASSNAME, "The selector ClassName is missing.", subcode="w:InvalidSelectors")
    context.facts.class_name = name
    context.facts.selectors = {NAMESPACE_SELECTOR: namespace, "ClassName": name}
    options = {key.casefold(): value for key, value in context.message.options}

    def effect() -> Answer:
        provider = context.node.endpoint.provider
        if provider.classes(namespace) is None:
            raise CimFault(
                names.WBEM_INVALID_NAMESPACE, "The namespace does not exist.", sender=True, style=FaultStyle.WMI_ERROR, cim_status=3
            )
        schema = provider.schema(namespace, name)
        if schema is None:
            raise CimFault(names.WBEM_INVALID_CLASS, "The class does not exist.", sender=True, style=FaultStyle.WMI_ERROR, cim_status=5)
        answer = context.answer()
        append_class(answer.body, schema, with_qualifiers=is_true(options.get("includequalifiers")))
        return answer

    return effect
