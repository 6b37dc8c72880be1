"""The rooms keep to themselves: who may import whom, read off the source by its syntax tree.

Without this, a library that needs a web server, or a network that knows its trainer, is one careless import away.
"""

import ast
import graphlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("statecast", "training", "service")

# Lowest first. A module may import its own layer and those below. A module that stands in no layer fails the test:
# decide where it belongs, and write it here.
STATECAST = (
    "errors config calendar covariates lattice vocabulary sampling experts",
    "scaling transforms resolutions given state cells convolution seasons",
    "history encoder window grid coarse attention features memory hybrid heads decoder prediction dependence",
    "additions",
    "calibration origins",
    "series generator",
    "forecaster",
    "ensemble family",
    "kinds paths",
    "notebook",
    "golden writing",
    "artifact",
    "__init__",
)
SERVICE = (
    "__init__ settings schemas generate_schemas errors jobs metrics",
    "codecs keys stores slots tickets gaps grid room aside mailbox",
    "sessions batcher overlap coarse scores passages drawings",
    "admission advance spelling",
    "dispatch results rows strands",
    "rounds",
    "engine",
    "models",
    "desk described inputs",
    "forecasting generating pathing",
    "routes",
    "app",
    "__main__",
)
# Package of pyproject.toml -> what its import is called, where the two differ.
IMPORT_NAMES = {
    "lightning-fabric": "lightning_fabric", "prometheus-client": "prometheus_client", "pysimdjson": "simdjson",
    "pydantic-settings": "pydantic_settings", "scikit-learn": "sklearn",
}  # fmt: skip
# Extras that a room uses where they are installed, beside its own.
FURTHER = {"training": ("stats", "sweep")}
# FastAPI is written on top of it and hands its types out.
BROUGHT_ALONG = {"starlette": "fastapi"}


def sources(*folders: str) -> Iterator[Path]:
    """Every Python file below these folders, paths relative to the root."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT)


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, at any depth; relative ones are made absolute."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module or "") if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def place(name: str, room: str) -> str | None:
    """The module of a room that a dotted name lies in: ``service.routes.forecast`` -> ``routes``."""
    parts = name.split(".")
    if parts[0] != room:
        return None
    module = parts[1] if len(parts) > 1 else "__init__"
    exists = (ROOT / room / f"{module}.py").exists() or (ROOT / room / module).is_dir()
    return module if exists else "__init__"


def declared(room: str) -> set[str]:
    """Import names that pyproject.toml lets a room use beside the standard library."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *(line for name in (room, *FURTHER.get(room, ())) for line in extras.get(name, [])),
    ]
    names = {re.split(r"[^A-Za-z0-9_-]", line)[0] for line in lines}
    return {IMPORT_NAMES.get(name, name) for name in names}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_library_and_its_own_dependencies(room: str) -> None:
    """A room that reaches into another, or for a package that its extra does not install, fails on a clean machine."""
    allowed = {room, "statecast"} | declared(room)
    allowed |= {name for name, host in BROUGHT_ALONG.items() if host in allowed}
    for path in sources(room):
        outside = packages(path) - allowed - sys.stdlib_module_names
        assert not outside, f"{path} imports {sorted(outside)}; {room} may import {sorted(allowed)} and the stdlib"


def test_the_library_needs_three_packages() -> None:
    assert declared("statecast") == {"torch", "numpy", "safetensors"}


def test_torch_in_the_service_is_the_engine_s_alone() -> None:
    """What schedules sees whole numbers, what computes sees tensors; then either can be tested without the other."""
    users = {str(path) for path in sources("service") if "torch" in packages(path)}
    assert all(path.startswith("service/engine/") for path in users)


@pytest.mark.parametrize("module", ["sessions", "batcher"])
def test_what_schedules_knows_neither_tensors_nor_the_web(module: str) -> None:
    """Not even through a module of ours that imports them."""
    seen, queue = set(), [module]
    while queue:
        current = queue.pop()
        if current in seen:
            continue
        seen.add(current)
        folder = ROOT / "service" / current
        files = sources(f"service/{current}") if folder.is_dir() else [Path(f"service/{current}.py")]
        for path in files:
            reached = packages(path) & {"torch", "fastapi", "starlette"}
            assert not reached, f"{module} reaches {reached} through {path}"
            found = (place(name, "service") for name in imports(path))
            queue += [name for name in found if name and name != "__init__"]


@pytest.mark.parametrize(("room", "layers"), [("statecast", STATECAST), ("service", SERVICE)])
def test_inside_a_room_imports_point_one_way(room: str, layers: tuple[str, ...]) -> None:
    height = {module: index for index, layer in enumerate(layers) for module in layer.split()}
    graph: dict[str, set[str]] = {}
    for path in sources(room):
        here = place(".".join(path.with_suffix("").parts), room)
        assert here in height, (
            f"{path} stands in no layer; decide where it belongs and write it in {Path(__file__).name}"
        )
        for there in {place(name, room) for name in imports(path)} - {None, here}:
            assert there in height and height[there] <= height[here], f"{path} imports {room}.{there}, which lies above"
            graph.setdefault(here, set()).add(there)
    list(graphlib.TopologicalSorter(graph).static_order())


def test_the_training_room_has_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in sources("training"):
        here = place(".".join(path.with_suffix("").parts), "training")
        graph.setdefault(str(here), set()).update({str(place(name, "training")) for name in imports(path)} - {"None"})
    for here, reached in graph.items():
        reached -= {here, "__init__"}
    list(graphlib.TopologicalSorter(graph).static_order())


def test_no_file_holds_more_than_one_noun() -> None:
    long = {
        str(path): lines
        for path in sources(*ROOMS, "tests", "benchmarks", "docs")
        if (lines := len((ROOT / path).read_text().splitlines())) > 260
    }
    assert not long, f"over 260 lines, a noun is missing: {long}"


def test_file_names_say_what_is_inside() -> None:
    vague = [str(path) for path in sources(*ROOMS, "tests", "benchmarks") if path.stem in
             {"util", "utils", "helper", "helpers", "common", "misc", "base"}]  # fmt: skip
    assert not vague


def test_nothing_that_runs_code_from_a_file() -> None:
    """Artifacts and sessions come from elsewhere; reading one must never run what stands in it."""
    forbidden = re.compile(r"\b(?:pickle|cloudpickle|joblib|marshal|shelve|dill)\b|weights_only\s*=\s*False")
    for path in sources(*ROOMS, "benchmarks"):
        tree = ast.parse((ROOT / path).read_text())
        names = {name.split(".")[0] for name in imports(path)}
        assert not [name for name in names if forbidden.search(name)], f"{path} imports {names}"
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg in ("weights_only", "allow_pickle"):
                value = getattr(node.value, "value", None)
                assert value is (node.arg == "weights_only"), f"{path}:{node.value.lineno} {node.arg}={value}"
