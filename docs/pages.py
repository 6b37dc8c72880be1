"""Writes the parts of the documents that the code says already: the map of files, keys of configs, commands, endpoints.

``make docs`` runs it, which is ``python -m docs.pages``. Such a part stands between ``<!-- NAME ARGUMENT -->`` and
``<!-- end -->``; ``tests/test_docs.py`` holds the documents to it, so none of these can be out of date.
"""

import argparse
import ast
import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer.main

ROOT = Path(__file__).parents[1]
_PART = re.compile(r"(<!-- (files|keys|commands|endpoints|settings|options)(?: (\S+))? -->\n).*?(<!-- end -->)", re.S)


def documents() -> list[Path]:
    """Every document of the project but the log; links to a document under its former address are left out."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")]
    return sorted(path for path in found if not path.is_symlink())


def written(text: str) -> str:
    """Give a document's text with every such part written anew."""
    return _PART.sub(lambda part: part[1] + PARTS[part[2]](part[3] or "") + part[4], text)


def files(package: str) -> str:
    """One line per file of a package: what its docstring says first; folders in bold."""
    lines, folder = [], None
    for path in sorted((ROOT / package).rglob("*.py"), key=lambda path: (path.parent, path.name)):
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0]
        here = path.parent.relative_to(ROOT)
        if here != folder:
            folder = here
            about = _cell(first) if path.name == "__init__.py" else ""
            lines.append(f"\n**`{here}/`** {about}".rstrip() + "\n")
        if path.name != "__init__.py":
            lines.append(f"- `{path.name}`: {_cell(first)}")
    return "\n".join(lines) + "\n\n"


def keys(place: str) -> str:
    """Table of a config dataclass (``module:Class``): key, default, meaning."""
    module, _, name = place.partition(":")
    config = getattr(importlib.import_module(module), name)
    meanings = _meanings(config)
    default = config()
    rows = [
        f"| `{field.name}` | {_toml(getattr(default, field.name))} | {meanings.get(field.name, '')} |"
        for field in fields(config)
        if field.name != "space" and not field.name.endswith("_covariates")  # neither is a key of a file
    ]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _meanings(config: type) -> dict[str, str]:
    """What stands in a string under each field."""
    body = ast.parse(inspect.getsource(config)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            value = getattr(text.value, "value", None)
            if isinstance(value, str):
                found[field.target.id] = _cell(value)
    return found


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def _toml(value: Any) -> str:
    """A default as a config would write it; a dash where it is left out."""
    if value is None or value == {}:
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:.4g}`"
    if isinstance(value, tuple):
        shown = [_toml(inner).strip("`") for inner in value]
        return f"`[{', '.join(shown)}]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def commands(_: str) -> str:
    """Each command of ``python -m training`` with its options."""
    group: Any = typer.main.get_command(importlib.import_module("training.cli.main").app)
    return "\n".join(_command(name, group.commands[name]) for name in sorted(group.commands))


def _command(name: str, command: Any) -> str:
    arguments = [p for p in command.params if not p.opts[0].startswith("--")]
    words = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments]
    options = [p for p in command.params if p.opts[0].startswith("--") and p.name != "help"]
    rows = [f"| `{'`, `'.join([*p.opts, *p.secondary_opts])}` | {_cell(p.help or '')} |" for p in options]
    about = _cell(inspect.cleandoc(command.help or "").partition("\n\n")[0])
    usage = " ".join(["python -m training", name, *words, "[OPTIONS]"])
    return "\n".join([f"### {name}\n\n`{usage}`\n\n{about}\n", "| option | meaning |", "|---|---|", *rows, ""])


def settings(_: str) -> str:
    """Every setting of the service: variable, default, meaning."""
    from service.settings import table

    return "\n".join(["| variable | default | meaning |", "|---|---|---|", table()]) + "\n"


def endpoints(_: str) -> str:
    """Method, path and summary of every endpoint, from the OpenAPI document that the service shows."""
    from service.app import create_app
    from service.settings import Settings

    app = create_app(Settings(artifacts=Path("none"), state_url="memory://"))
    rows = []
    for path, methods in sorted(app.openapi()["paths"].items()):
        for method, about in methods.items():
            named = about["summary"] if not about["summary"].istitle() else about.get("description", "")
            rows.append(f"| `{method.upper()} {path}` | {_cell(named).partition('. ')[0].rstrip('. ')} |")
    return "\n".join(["| endpoint | what it does |", "|---|---|", *rows]) + "\n"


def options(broker: str) -> str:
    """Options of ``python -m connectors``: those of one broker, or those that all have."""
    from connectors.brokers.registry import brokers
    from connectors.cli import declare_common
    from connectors.options import Options

    parser = argparse.ArgumentParser()
    (brokers[broker].declare if broker else declare_common)(Options(parser, {}))
    rows = [
        f"| `{action.option_strings[0]}` | {_cell((action.help or '').rpartition(' (')[0])} |"
        for action in parser._actions[1:]
    ]
    return "\n".join(["| option | meaning |", "|---|---|", *rows]) + "\n"


PARTS: dict[str, Callable[[str], str]] = {
    "files": files, "keys": keys, "commands": commands, "endpoints": endpoints, "settings": settings,
    "options": options,
}  # fmt: skip


def main() -> None:
    """Write every such part of every document anew; say which changed."""
    for path in documents():
        before = path.read_text()
        after = written(before)
        if after != before:
            path.write_text(after)
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
