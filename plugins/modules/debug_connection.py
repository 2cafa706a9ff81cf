# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: debug_connection
short_description: Find out why a node cannot be reached
version_added: 0.2.0
description:
  - Tells what stands between the controller and a node, which are the versions of what takes part, Kerberos, the endpoint that the options
    of the connection lead to, and the steps of a first contact with where it failed and how to mend it. Nothing is changed.
  - The task succeeds whatever it finds. RV(failed_step) says whether something is wrong.
  - There is no password, key or ticket in the answer, so that it can be put into a bug report. Names of hosts, users and realms are there.
extends_documentation_fragment:
  - cluster_aware.updating._attributes
  - cluster_aware.updating._attributes.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - Nothing is changed.
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.cluster_info
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: Look how far a first contact comes
  cluster_aware.updating.debug_connection:
  register: contact

- name: Stop before the night when a node cannot be reached
  ansible.builtin.assert:
    that: contact.failed_step is none
    fail_msg: "{{ contact.msg }}"
"""

RETURN = r"""
msg:
  description: The outcome in one or two sentences, with the remedy.
  returned: success
  type: str
  sample: "hv-a: everything that a run needs of the connection is there."
failed_step:
  description: The step that failed first, V(null) when none did.
  returned: success
  type: str
  sample: tls
steps:
  description:
    - The steps of the first contact, in order. They are C(libraries), C(name) for name resolution, C(tcp), C(tls), C(authentication),
      C(identify), C(cluster) for the cluster namespace, C(cau_provider) and C(rights) for the rights of an administrator.
    - When the options of the connection cannot work, the only step is C(connection).
  returned: success
  type: list
  elements: dict
  contains:
    step:
      description: Its name.
      type: str
      sample: tcp
    state:
      description: How it went, C(passed), C(failed) or C(skipped).
      type: str
      sample: passed
    text:
      description: What was found.
      type: str
      sample: 192.0.2.11 takes connections on port 5986
    remedy:
      description: How to mend it, V(null) unless the step failed.
      type: str
      sample: null
    details:
      description: What else was learned, for instance names, dates and issuer of the certificate.
      type: dict
      sample: {address: 192.0.2.11, port: 5986}
endpoint:
  description: Where the options of the connection lead, without the password. It is V(null) when they cannot work.
  returned: success
  type: dict
  sample:
    url: https://hv01-n1.contoso.com:5986/wsman
    auth: kerberos
    username: svc-update@CONTOSO.COM
    verify_certificate: true
    ca_trust_path: /etc/ssl/certs/contoso-ca.pem
    message_encryption: auto
    send_cbt: true
    gets_ticket: true
    service: HTTP
    kerberos_delegation: false
    kerberos_hostname_override: null
    cert_pem: null
    cert_key_pem: null
    credssp_disable_tlsv1_2: false
    credssp_auth_mechanism: auto
    credssp_minimum_version: 2
    connect_timeout: 30.0
    read_timeout: 75.0
    has_password: true
    proxy: null
    seals_messages: false
controller:
  description: The versions of what runs on the controller.
  returned: success
  type: dict
  sample:
    python: 3.11.7
    executable: /usr/bin/python3.11
    system: Linux-6.12.9-amd64-x86_64-with-glibc2.41
    openssl: OpenSSL 3.0.13 30 Jan 2024
    ansible_core: 2.19.14
    collection: 0.2.0
libraries:
  description: The Python packages of the controller.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: What C(pip install) takes.
      type: str
      sample: pywinrm
    version:
      description: The version that is installed, V(null) when none is.
      type: str
      sample: 0.5.0
    needed_for:
      description: What it is needed for.
      type: str
      sample: every connection
    needed_here:
      description: Whether this host's connection needs it.
      type: bool
      sample: true
    problem:
      description: Why it cannot be imported, V(null) when it can.
      type: str
      sample: null
kerberos:
  description: Kerberos on the controller, as its configuration and C(klist) tell.
  returned: success
  type: dict
  contains:
    configuration:
      description: The file of the configuration.
      type: str
      sample: /etc/krb5.conf
    default_realm:
      description: The realm that it names, V(null) when it names none.
      type: str
      sample: EXAMPLE.COM
    cache:
      description: Where tickets are kept, V(null) when that cannot be told.
      type: str
      sample: FILE:/tmp/krb5cc_1000
    principal:
      description: Whose tickets they are, V(null) when there are none or that cannot be told.
      type: str
      sample: svc-update@EXAMPLE.COM
    tickets:
      description: The service and the times of each ticket.
      type: list
      elements: dict
      sample: [{service: krbtgt/EXAMPLE.COM@EXAMPLE.COM, times: "11/25/26 08:00:00 11/25/26 18:00:00"}]
    problem:
      description: Why tickets cannot be told, V(null) when they can.
      type: str
      sample: null
events:
  description: The progress lines of the task, each with the node, the step and the text.
  returned: success
  type: list
  elements: dict
  sample: []
"""
