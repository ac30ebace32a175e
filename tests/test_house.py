"""The house's plan, as imports draw it: arrows go down only, TensorFlow waits to be asked."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# From the ground up. What stands in one row doesn't know its neighbours; `__main__` is the door.
STOREYS = [
    {"start", "files", "numbers"},
    {"images", "exercises", "downloads"},
    {"assets", "figures"},
    {"widgets"},
    {"cells", "digits", "board"},
    {"vision"},
    {"captions", "grammar", "dreams", "styles", "sharing", "scaling"},
]
LEVEL = {name: level for level, names in enumerate(STOREYS) for name in names}


def imports(path, top_only=False):
    """The modules that a file imports, anywhere in it or at its top, as dotted names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(folder):
    return {
        path: path.relative_to(ROOT).with_suffix("").parts for path in (ROOT / folder).rglob("*.py")
    }


def test_arrows_go_down_only():
    against = []
    for path, (_, room, *rest) in modules("helpers").items():
        if room in ("__init__", "__main__") or "parcel" in rest:
            continue
        assert room in LEVEL, f"{path.name} has no place in the plan"
        for name in imports(path):
            top, target = [*name.split("."), ""][:2]
            up = top == "helpers" and target != room and LEVEL.get(target, -1) >= LEVEL[room]
            if top == "tools" or up:
                against.append(f"{path.relative_to(ROOT)} imports {name}")
    assert against == []


def test_a_room_has_no_circle():
    """Within a room, too, nothing imports what imports it."""
    dotted = {path: ".".join(parts) for path, parts in modules("helpers").items()}
    names = {path: name.removesuffix(".__init__") for path, name in dotted.items()}
    known, arrows = set(names.values()), {}
    for path, own in names.items():
        there = {name if name in known else name.rpartition(".")[0] for name in imports(path)}
        arrows[own] = there & known - {own}
    while leaves := [name for name, targets in arrows.items() if not targets & arrows.keys()]:
        for name in leaves:
            del arrows[name]
    assert arrows == {}


def test_the_ground_and_the_tools_start_without_tensorflow():
    ground = [ROOT / "helpers" / f"{name}.py" for names in STOREYS[:4] for name in names]
    for path in [*ground, *modules("tools")]:
        slow = {name.partition(".")[0] for name in imports(path, top_only=True)}
        assert not slow & {"tensorflow", "keras"}, path.name
