"""Toy packages for tests: their wheels, an index on loopback, a project that is installed last."""

import hashlib
import io
import os
import sys
import zipfile
from pathlib import Path

from loopback import Loopback, serve

# What the lock's "uv" is here: it notes what it was told, and hands over to the real one.
UV_CODE = f"""
import os, pathlib, sys
def main():
    told = [name for name in os.environ if name.startswith(("PIP_", "UV_"))]
    pathlib.Path(sys.prefix, "told").write_text(" ".join(told))
    os.execv({str(Path(sys.executable).with_name("uv"))!r}, sys.argv)
"""
UV = {
    "fake_uv.py": UV_CODE,
    "uv-1.0.dist-info/entry_points.txt": "[console_scripts]\nuv = fake_uv:main\n",
}
# A build backend that needs nothing installed.
BACKEND = """
import pathlib, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    files = {"own.pth": str(pathlib.Path.cwd()), "own-1.0.dist-info/RECORD": ""}
    files["own-1.0.dist-info/METADATA"] = "Metadata-Version: 2.1\\nName: own\\nVersion: 1.0"
    files["own-1.0.dist-info/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any"
    with zipfile.ZipFile(pathlib.Path(folder, "own-1.0-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "own-1.0-py3-none-any.whl"
"""  # noqa: E501
PYPROJECT = """
[project]
name = "own"
version = "1.0"
requires-python = ">=3.11,<3.14"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
NOBODY = "http://127.0.0.1:9/"  # a port where nobody answers


def wheel(name, files=(), version="1.0"):
    """Return the name of a wheel with these files, its content, and its line for a lock."""
    info = f"{name}-{version}.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, text in {**metadata, **dict(files)}.items():
            archive.writestr(zipfile.ZipInfo(file), text)  # no times: the same files, the same hash
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    line = f"{name}=={version} \\\n    --hash=sha256:{digest}\n"
    return f"{name}-{version}-py3-none-any.whl", buffer.getvalue(), line


class Index(Loopback):
    """A package index."""

    def publish(self, *package):
        """Put a wheel (its name, files, version) on the shelf; return its line for a lock."""
        name, content, line = wheel(*package)
        shelf = f"/{package[0]}/"
        self.pages[shelf + name] = serve(content)
        links = [f"<a href='{page}'>{page.rpartition('/')[2]}</a>" for page in self.pages]
        links = [link for link in links if link.startswith(f"<a href='{shelf}") and ".whl" in link]
        self.pages[shelf] = serve("".join(links).encode(), "text/html")
        return line


def settings(folder, index, *lines):
    """Write a pip.conf with that index; return an environment where no other setting counts."""
    conf = folder / "pip.conf"
    known = ("[global]", f"index-url =\n  {index.url('/')}", "no-cache-dir = true", "retries = 0")
    conf.write_text("\n".join([*known, *lines, ""]))
    mine = ("PIP_", "UV_", "HTTP", "NO_PROXY", "ALL_PROXY", "SSL_")
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(mine)}
    return {**kept, "PIP_CONFIG_FILE": str(conf)}
