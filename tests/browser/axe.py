"""axe-core, which looks for what people with disabilities meet as a hindrance in a page."""

from axe_playwright_python.sync_playwright import Axe

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]  # what WCAG 2.2 asks at level AA


def flaws(page, scope="html"):
    """What axe-core finds in the part of the page that a CSS selector names: "rule: element"."""
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, scope, {**options, "preload": False}).response  # it asks for no files
    return [
        f"{flaw['id']}: {node['html'][:200]} {node['any'][0]['message'] if node['any'] else ''}"
        for flaw in found["violations"]
        for node in flaw["nodes"]
    ]
