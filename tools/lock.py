"""What stands in a lock such as requirements.txt: packages, each with its version and hashes."""

import re

from packaging.requirements import Requirement


def read(text):
    """Yield (its Requirement, [its hashes as "sha256:…"]) for each block of a lock."""
    for block in re.findall(r"^\w.*==.*\n(?:[ \t].*\n)*", text, re.MULTILINE):
        requirement = Requirement(block.splitlines()[0].removesuffix("\\"))
        yield requirement, re.findall(r"--hash=(sha256:[0-9a-f]{64})\b", block)


def version(requirement):
    """Return the version that a lock's requirement fixes."""
    return next(iter(requirement.specifier)).version
