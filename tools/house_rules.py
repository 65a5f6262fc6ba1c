"""Source files to complaints: the rules of the house that no linter knows.

Sizes of files and functions, names of modules, phrases that do not belong into code, the form of ECMA-335 citations, who may import
which library, and who may read the clock, the environment and the current directory. Exceptions are listed here, by name.
"""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

PACKAGES = ("compiler", "analyzers", "server")
FILE_LINES = 800
FUNCTION_LINES = 80

# Tables and dispatch over all opcodes: long because what they list is long.
LONG_FILES: frozenset[str] = frozenset()
LONG_FUNCTIONS: frozenset[str] = frozenset()

VAGUE_NAMES = frozenset(
    {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "processor", "data", "info", "context2"}
)

# Written in two pieces so that this file does not complain about itself.
PHRASES = tuple(
    first + second
    for first, second in (
        ("as reques", "ted"),
        ("the previous app", "roach"),
        ("simplified ver", "sion"),
        ("for n", "ow,"),
        ("for n", "ow "),
        ("in a real imple", "mentation"),
        ("updated to use the n", "ew"),
        ("place", "holder implementation"),
    )
)

CITATION = re.compile(r"ECMA[- ]?335[^\n]{0,12}")
# The standard alone, or partition and section; anything that names a place in another way is refused.
CITATION_FORM = re.compile(r"ECMA-335( (I|II|III|IV|V|VI)\.[0-9]|(?! ?[0-9§]| (?i:section|partition|clause|part)))")

# Library -> the only folders that may import it.
OWNERS = {
    "dnfile": ("compiler/metadata/",),
    "pygls": ("server/lsp/",),
    "lsprotocol": ("server/lsp/",),
    "llvmlite": ("compiler/codegen/",),
    "urllib3": ("server/restore/",),
    "pythonnet": ("compiler/csharp/",),
    "clr_loader": ("compiler/csharp/",),
}

# Reads of the world outside, as dotted names, that no stage of the compiler may make: they enter at the edge as values.
AMBIENT = frozenset({"os.getcwd", "os.environ", "os.getenv", "time.time", "datetime.now", "datetime.datetime.now", "Path.cwd"})
AMBIENT_EDGES = ("compiler/csharp/", "compiler/host.py", "analyzers/__main__.py")

BROAD_HANDLERS_ALLOWED = 3


def violations(root: Path) -> list[str]:
    """One line per breach: `file(line): what`."""
    files = tracked_files(root)
    found: list[str] = []
    broad = 0
    for name in files:
        path = root / name
        text = path.read_text(encoding="utf-8")
        found += file_complaints(name, text)
        if name.endswith(".py"):
            tree = ast.parse(text, filename=name)
            found += tree_complaints(name, tree)
            broad += sum(isinstance(node, ast.ExceptHandler) and is_broad(node) for node in ast.walk(tree) if name.startswith(PACKAGES))
    if broad > BROAD_HANDLERS_ALLOWED:
        found.append(f"{broad} broad exception handlers; the budget is {BROAD_HANDLERS_ALLOWED}")
    return found


def tracked_files(root: Path) -> list[str]:
    """Source files that git knows or would add, relative to `root`, sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.c", "*.h", "*.ts", "*.cs"],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()
    return sorted(name for name in set(listed) if (root / name).is_file())


def file_complaints(name: str, text: str) -> list[str]:
    """Complaints about size, name, phrases and citations of one file."""
    lines = text.splitlines()
    found = []
    if len(lines) > FILE_LINES and name not in LONG_FILES:
        found.append(f"{name}: {len(lines)} lines; split by concept (limit {FILE_LINES})")
    if Path(name).stem.lower() in VAGUE_NAMES:
        found.append(f"{name}: the name says nothing about the content")
    for number, line in enumerate(lines, start=1):
        lowered = line.lower()
        found += [f"{name}({number}): phrase '{phrase.strip()}'" for phrase in PHRASES if phrase in lowered]
        for match in CITATION.finditer(line):
            if not CITATION_FORM.match(match.group()):
                found.append(f"{name}({number}): cite as 'ECMA-335 II.25.4', not '{match.group().strip()}'")
    return found


def tree_complaints(name: str, tree: ast.Module) -> list[str]:
    """Complaints about functions, imports and ambient reads of one Python file."""
    found = []
    in_product = name.startswith(tuple(package + "/" for package in PACKAGES))
    if in_product and not ast.get_docstring(tree) and tree.body:
        found.append(f"{name}: no module docstring")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES and f"{name}:{node.name}" not in LONG_FUNCTIONS:
                found.append(f"{name}({node.lineno}): {node.name} has {length} lines (limit {FUNCTION_LINES})")
        elif isinstance(node, ast.Import | ast.ImportFrom) and in_product:
            found += import_complaints(name, node)
        elif isinstance(node, ast.Attribute) and name.startswith("compiler/") and not name.startswith(AMBIENT_EDGES):
            dotted = ast.unparse(node)
            if dotted in AMBIENT:
                found.append(f"{name}({node.lineno}): {dotted} read inside the compiler; pass the value in")
    return found


def import_complaints(name: str, node: ast.Import | ast.ImportFrom) -> list[str]:
    """Complaints when a library is imported outside the folder that owns it, or by star."""
    imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    found = []
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
        found.append(f"{name}({node.lineno}): import *")
    for module in imported:
        library = module.partition(".")[0]
        owners = OWNERS.get(library)
        if owners is not None and not name.startswith(owners):
            found.append(f"{name}({node.lineno}): {library} is imported in {', '.join(owners)} only")
    return found


def is_broad(handler: ast.ExceptHandler) -> bool:
    """True for `except:`, `except Exception` and `except BaseException`, alone or in a tuple."""
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in ("Exception", "BaseException") for name in names)
