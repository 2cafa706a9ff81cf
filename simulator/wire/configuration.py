# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's own settings, readable with Get (wsman-cim.md 11)."""

from __future__ import annotations

from . import names
from .answer import Answer
from .faults import ProtocolFault
from .names import CONFIG, XML, qualified
from .node_state import Effect, RequestContext
from .xml import Element, child

_TOP = ("MaxEnvelopeSizekb", "MaxTimeoutms", "MaxBatchItems", "MaxProviderRequests")
_SERVICE = ("MaxConcurrentOperationsPerUser", "EnumerationTimeoutms", "MaxConnections", "MaxPacketRetrievalTimeSeconds")


def prepare_get_configuration(context: RequestContext, *, allow_unencrypted: bool) -> Effect:
    """Read all settings, or those of the service alone."""
    part = context.message.resource_uri[len(CONFIG) :].strip("/").casefold()
    if part not in ("", "service"):
        raise ProtocolFault(names.DESTINATION_UNREACHABLE, f"There is no configuration {part}.", detail="InvalidResourceURI")

    def effect() -> Answer:
        answer = context.answer()
        limits = context.node.limits
        if part == "service":
            _append_service(answer.body, context, allow_unencrypted=allow_unencrypted)
            return answer
        config = child(answer.body, CONFIG, "Config", nsmap={"cfg": CONFIG})
        config.set(qualified(XML, "lang"), context.node.endpoint.language)
        for name in _TOP:
            child(config, CONFIG, name, str(limits[name]))
        client = child(config, CONFIG, "Client")
        child(client, CONFIG, "NetworkDelayms", "5000")
        child(client, CONFIG, "AllowUnencrypted", "false")
        _append_service(config, context, allow_unencrypted=allow_unencrypted)
        return answer

    return effect


def _append_service(parent: Element, context: RequestContext, *, allow_unencrypted: bool) -> None:
    endpoint = context.node.endpoint
    service = child(parent, CONFIG, "Service", nsmap={"cfg": CONFIG})
    for name in _SERVICE:
        child(service, CONFIG, name, str(context.node.limits[name]))
    child(service, CONFIG, "AllowUnencrypted", "true" if allow_unencrypted else "false")
    auth = child(service, CONFIG, "Auth")
    offers_basic = allow_unencrypted or endpoint.tls_port is not None
    for name, is_on in (("Basic", offers_basic), ("Kerberos", False), ("Negotiate", True), ("Certificate", False), ("CredSSP", False)):
        child(auth, CONFIG, name, "true" if is_on else "false")
    ports = child(service, CONFIG, "DefaultPorts")
    for name, port in (("HTTP", endpoint.port), ("HTTPS", endpoint.tls_port)):
        if port is not None:
            child(ports, CONFIG, name, str(port))
