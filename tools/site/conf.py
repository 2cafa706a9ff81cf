# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's settings for the documentation's site."""

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
