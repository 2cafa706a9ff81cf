# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-test sanity on a clean copy of the checkout: `python -m tools.sanity [ansible-test arguments]`.

ansible-test wants the collection below ansible_collections/<namespace>/<name>, in a git tree of its own, without the links that a build
folder has. Everything that it downloads or caches stays in build/home.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
COPY = CHECKOUT / "build" / "sanity" / "ansible_collections" / "cluster_aware" / "updating"
HOME = CHECKOUT / "build" / "home"

BOOTSTRAP = "import ensurepip; ensurepip.bootstrap(default_pip=True)\n"
"""What ansible-test would download from a host of its own: pip, which Python brings along."""


def copy_checkout() -> None:
    """Make the copy what the checkout is: every file that git knows or would take, and nothing else."""
    listed = subprocess.run(
        ["git", "-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True
    )
    names = {name for name in listed.stdout.decode().split("\0") if name and (CHECKOUT / name).is_file()}
    COPY.mkdir(parents=True, exist_ok=True)
    for path in sorted(COPY.rglob("*"), reverse=True):
        relative = path.relative_to(COPY)
        if relative.parts[0] == ".git" or relative.parts[:2] == ("tests", "output"):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif str(relative) not in names:
            path.unlink()
    for name in names:
        target = COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, target, follow_symlinks=False)
    if not (COPY / ".git").exists():
        subprocess.run(["git", "-C", str(COPY), "init", "--quiet"], check=True)


def prepare_home() -> None:
    """Give ansible-test a home in the checkout, with the bootstrap of pip in its cache and the package index that our own pip uses."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{pip_version().replace('.', '_')}.py").write_text(BOOTSTRAP, encoding="utf-8")
    settings = HOME / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("\n".join(["[global]", *pip_settings()]) + "\n", encoding="utf-8")


def pip_version() -> str:
    """Return the version of pip for which this ansible-test looks in its cache.

    Raises:
        SystemExit: this ansible-test keeps it elsewhere.
    """
    spec = importlib.util.find_spec("ansible_test")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        source = Path(folder) / "_internal" / "python_requirements.py"
        found = re.search(r"pip=['\"]([0-9.]+)['\"]", source.read_text(encoding="utf-8"))
        if found:
            return found.group(1)
    raise SystemExit("This ansible-test does not say which pip it starts from; see tools/sanity.py.")


def pip_settings() -> list[str]:
    """Return the settings of the user's pip, which ansible-test's own environment would hide, proxy included."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    found: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        name, _sign, value = line.partition("=")
        section, _dot, key = name.rpartition(".")
        if section in {"global", ":env:"} and key != "config-file":
            found[key] = str(ast.literal_eval(value))
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if proxy:
        found.setdefault("proxy", proxy)
    return [f"{key} = " + value.replace("\n", "\n    ") for key, value in sorted(found.items())]


def main(arguments: list[str]) -> int:
    """Run the sanity tests; returns the exit code of ansible-test."""
    copy_checkout()
    prepare_home()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [str(Path(sys.executable).parent / "ansible-test"), "sanity", "--venv", "--python", python, "--color", "no", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    (HOME / "tmp").mkdir(exist_ok=True)
    environment |= {"HOME": str(HOME), "TMPDIR": str(HOME / "tmp")}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    # Its chatter goes to a file, and to the screen when something is wrong.
    log = CHECKOUT / "build" / "sanity" / "sanity.log"
    with log.open("wb") as output:
        code = subprocess.run(command, cwd=COPY, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        sys.stdout.write(log.read_text(encoding="utf-8", errors="replace"))
    print(f"ansible-test sanity: {'failed' if code else 'passed'} (build/sanity/sanity.log)")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
