"""What the documents say is what the code does: commands, links, settings, dependencies, the README's request."""

import json
import re
import shlex
import subprocess
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from docs.pages import documents, written
from tests.test_architecture import IMPORT_NAMES, packages, sources

ROOT = Path(__file__).parents[1]
DOCUMENTS = documents()
# Asked for, but started by name or chosen by another package; nothing imports them.
NEVER_IMPORTED = {
    "numba",
    "tzdata",
    "pyarrow",
    "uvloop",
    "httptools",
    "pytest-timeout",
    "pytest-xdist",
    "ruff",
    "mypy",
    "pandas-stubs",
    "schemathesis",
}

# Extras that `make setup` leaves to those who want them.
NOT_SET_UP = ("stats", "calendar", "prequential", "peers", "bentoml")


def shell_lines(path: Path) -> list[str]:
    """Commands in the document's ``sh`` blocks, continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text(), re.S)
    lines: list[str] = []
    for block in blocks:
        pending = ""
        for line in block.splitlines():
            pending += line + "\n"
            if pending.count("'") % 2 == 0 and not line.endswith("\\"):
                lines.append(pending.strip())
                pending = ""
    return [line for line in lines if line]


def requests(path: Path) -> list[tuple[str, dict[str, str], str]]:
    """URL, headers and body of each ``curl`` with a body in a document."""
    found = []
    for line in shell_lines(path):
        words = shlex.split(line, comments=True)
        if words[:1] == ["curl"] and "-d" in words:
            headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
            body = words[words.index("-d") + 1]
            found.append((next(word for word in words if word.startswith("http")), headers, body))
    return found


def asked_for() -> dict[str, list[str]]:
    """Section of pyproject.toml -> names of packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"Always": project["dependencies"], **project["optional-dependencies"]}
    names = {group: [Requirement(line).name for line in lines] for group, lines in groups.items()}
    return {group: [name for name in own if name != project["name"]] for group, own in names.items()}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_the_code_says_is_what_the_document_says(path: Path) -> None:
    """Files, keys, commands and endpoints are written from the code; by hand they would be wrong within a week."""
    text = path.read_text()
    assert written(text) == text, f"{path.name} is out of date: python -m docs.pages writes it anew"


def test_configs_in_documents_and_in_the_folder_are_configs() -> None:
    """A key that was renamed and still stands in an example is refused when somebody copies it."""
    from training.config import FitConfig

    for path in DOCUMENTS:
        for block in re.findall(r"```toml\n(.*?)```", path.read_text(), re.S):
            values = tomllib.loads(block)
            if "project" not in values:  # an entry point of a package
                FitConfig.from_dict(values)


def test_codes_of_errors_are_in_the_reference() -> None:
    """A client that handles errors by their code must find all of them in one table."""
    from service import errors

    page = (ROOT / "docs" / "reference" / "http.md").read_text()
    rows = {int(status): codes for status, codes in re.findall(r"^\| (\d+) \| (.+?) \|", page, re.M)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ServiceError)]
    for kind in kinds:
        if kind is not errors.ServiceError:
            assert f"`{kind.code}`" in rows.get(kind.status, ""), f"http.md: {kind.status} lacks {kind.code}"


def test_metrics_named_in_documents_exist() -> None:
    from service.metrics import Metrics

    exposed = Metrics().exposition().decode()
    named = set(re.findall(r"`(statecast_[a-z_]+)`", (ROOT / "docs" / "howto" / "operate.md").read_text()))
    assert {name for name in named if not re.search(rf"^# HELP {name}\b", exposed, re.M)} == set()


def test_settings_named_in_documents_exist() -> None:
    from service.settings import Settings

    known = {f"STATECAST_{name.upper()}" for name in Settings.model_fields} | {"STATECAST_PUBLISH", "STATECAST_URL"}
    for path in [*DOCUMENTS, ROOT / "docker-compose.yml", ROOT / "Dockerfile", *ROOT.glob("deploy/**/*.yaml")]:
        named = set(re.findall(r"STATECAST_[A-Z_]+[A-Z]", path.read_text()))
        assert named <= known, f"{path.name} names {sorted(named - known)}"


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "docs" / "reference" / "dependencies.md").read_text()
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    written = {title: re.findall(r"^\| ([a-z][\w-]*) \| \S", body, re.M) for title, body in sections.items()}
    for group in written.values():
        group[:] = [name for name in group if name != "package"]
    assert {title: sorted(names) for title, names in written.items()} == {
        title: sorted(names) for title, names in asked_for().items()
    }


@pytest.mark.parametrize("group", asked_for())
def test_every_dependency_is_used(group: str) -> None:
    """What nobody imports is downloaded, pinned and audited for nothing."""
    folders = {
        "Always": ["statecast"],
        "library": ["statecast"],
        "client": ["statecast"],
        "tables": ["statecast"],
        "plots": ["statecast"],
        "holidays": ["statecast"],
        "compiled": ["statecast"],
        "redis": ["service"],
        "grpc": ["service"],
        "mcp": ["service"],
        "stats": ["training"],
        "sweep": ["training"],
        "onnx": ["training"],
        "peers": ["benchmarks"],
        "bentoml": ["benchmarks"],
        "calendar": ["benchmarks"],
        "prequential": ["benchmarks"],
        "clients": ["tests"],
        "dev": ["tests", "benchmarks"],
    }
    used = set().union(*(packages(path) for path in sources(*folders.get(group, [group]))))
    idle = [name for name in asked_for()[group] if IMPORT_NAMES.get(name, name) not in used | NEVER_IMPORTED]
    assert not idle, f"nothing that {group} is for imports {idle}"


def test_constraints_pin_everything_that_is_installed_for_us() -> None:
    """One package left floating is one morning on which a clean clone no longer installs."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.lower().replace("_", "-").split("==") for line in lines if line and line[0] != "#")
    further = {name for group in NOT_SET_UP for name in asked_for()[group]}
    queue = [(name, "") for group in asked_for().values() for name in group]
    seen: set[tuple[str, str]] = set()
    while queue:
        name, extra = queue.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if (key, extra) in seen:
            continue
        seen.add((key, extra))
        assert key in pins, f"constraints.txt does not pin {key}"
        if name in further and not find_spec(name):
            continue
        installed = metadata.version(name).split("+")[0]
        assert pins[key] == installed, f"constraints.txt pins {key} {pins[key]}, installed is {installed}; make setup"
        for text in metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                queue += [(requirement.name, ""), *((requirement.name, inner) for inner in requirement.extras)]


def test_the_readme_has_two_commands_and_then_a_request() -> None:
    lines = shell_lines(ROOT / "README.md")
    assert lines[:2] == ["make serve", "make test"]
    assert lines[2].startswith("curl ")


def test_python_blocks_of_the_readme_compile() -> None:
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S):
        compile(block, "README.md", "exec")


def test_requests_in_documents_are_json() -> None:
    for path in DOCUMENTS:
        for block in re.findall(r"```json\n(.*?)```", path.read_text(), re.S):
            json.loads(block)


def test_shell_scripts_parse() -> None:
    scripts = [*ROOT.glob("tests/*.sh"), ROOT / ".ci" / "run"]
    for script in scripts:
        assert subprocess.run(["bash", "-n", script], check=False).returncode == 0, script
        assert script.stat().st_mode & 0o111, f"{script} is not executable"


def test_the_architecture_names_what_is_there() -> None:
    """The walks are how a newcomer finds the way; a type or a file that is gone leads nowhere."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    code = "\n".join((ROOT / path).read_text() for path in sources("statecast", "training", "service"))
    classes = set(re.findall(r"^class (\w+)", code, re.M))
    named = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+|Job|Panel|Batch|Item|Reply|Leaderboard)`", text))
    assert named <= classes, f"architecture.md names {sorted(named - classes)}"
    for path in re.findall(r"`((?:statecast|training|service)/[\w/]+(?:\.py|/))`", text):
        assert (ROOT / path).exists(), f"architecture.md names {path}"


def test_the_readme_has_every_folder_in_one_line() -> None:
    """From the folder listing alone a newcomer names the file to change; a folder that is not in it is not found."""
    lines = re.findall(r"^[├└]── ([\w/]+)/ +\S", (ROOT / "README.md").read_text(), re.M)
    folders = {
        path.name
        for package in ("statecast", "training", "service")
        for path in (ROOT / package).iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert set(lines) == folders


def test_the_recipes_name_files_that_are_there() -> None:
    """A recipe that starts with a file that has moved is followed by nobody."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"`((?:statecast|training|service|tests|docs|examples|configs)/[\w./-]+)`", text):
        if "NAME" not in path:
            assert (ROOT / path).exists(), f"CONTRIBUTING.md names {path}"


def test_codes_of_warnings_in_the_reference_exist() -> None:
    """Who waits for a code that is never sent handles nothing."""
    page = (ROOT / "docs" / "reference" / "http.md").read_text().partition("## Warnings")[2]
    code = "\n".join((ROOT / path).read_text() for path in sources("service", "statecast"))
    codes = re.findall(r"^\| `([a-z_]+)` \|", page, re.M)
    assert codes and [name for name in codes if f'"{name}"' not in code] == []


def test_every_key_of_a_config_has_a_meaning() -> None:
    """A key without one is a knob that nobody dares to turn; it is written in a string under the field."""
    page = (ROOT / "docs" / "reference" / "configs.md").read_text()
    assert re.findall(r"^\| `(\w+)` \| .* \|  \|$", page, re.M) == []
