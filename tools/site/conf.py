# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's settings for the documentation's site."""

from docutils import nodes
from sphinx.application import Sphinx

project = "cluster_aware.updating"
author = "cluster_aware.updating contributors"
html_title = "Cluster-Aware Updating without PowerShell"
html_short_title = project

root_doc = "docs/README"
extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
# Nothing is fetched: tools/site/ansible.txt names the few places of Ansible's own documentation.
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", "../ansible.inv")}
html_theme = "sphinx_ansible_theme"
html_theme_options = {"documentation_home_url": "index.html", "topbar_links": {}}
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_show_sphinx = False
html_copy_source = False
html_use_index = False

# A link to a heading of a guide, as a reader of the checkout uses it.
myst_heading_anchors = 3
nitpicky = True

# A short name may be that of something else as well, unless it is one that nothing else would have.
ALWAYS = ("module",)
IN_FULL = (*ALWAYS, "inventory", "callback", "role")


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let the name of a task or plugin in a guide, where it stands as code, lead to its page.

    Args:
        app: Sphinx.
        doctree: the page.
        docname: its name.
    """
    if docname.startswith("reference/"):
        return
    labels = app.env.domains.standard_domain.anonlabels
    for literal in list(doctree.findall(nodes.literal)):
        text = literal.astext()
        name = text.removeprefix(f"{project}.")
        kinds = IN_FULL if name != text else ALWAYS if "_" in name else ()
        targets = (labels.get(f"ansible_collections.{project}.{name}_{kind}") for kind in kinds)
        found = next((target for target in targets if target), None)
        if found and isinstance(literal.parent, nodes.paragraph | nodes.list_item):
            page, anchor = found
            uri = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
            literal.replace_self(nodes.reference("", "", literal.deepcopy(), internal=True, refuri=uri))


def setup(app: Sphinx) -> None:
    """Take part in the building of the site.

    Args:
        app: Sphinx.
    """
    app.connect("doctree-resolved", link_names)
