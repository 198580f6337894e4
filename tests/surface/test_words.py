"""Names are nouns and verbs of the field; public docstrings say what arguments are, with their units."""

import ast
import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import lindos

SOURCE = Path(lindos.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
#: Pronouns, particles and participles that name nothing.
_WORDS = (
    "about above again alike alone already also and another any anything apart around asked at away because been "
    "before behind being below beside besides between beyond book both but by each either else enough ever every "
    "everything few fewer for found from given had has have held her here him his how if in inside instead into it "
    "its itself just kept known many meanwhile mine more near neither never no nobody nor not nothing now of off "
    "often on once one ones only or other others our ours outside over own past rather said same several shown so "
    "some somebody something such taken than that the their theirs them then there these they this those through "
    "till to together told too tried under until upon us very was we well were what whatever when whence where "
    "whereas whether which while who whole whom whose why will with within without would yes yet you your yours"
)
PARTICLES = frozenset(_WORDS.split(" "))
#: Names with a meaning of their own: the sentence that declares a result.
EXCEPTIONS = frozenset({"Why", "why"})
#: At most this share of all bound names.
MOST = 0.005


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Every name that a file binds: functions, classes, arguments, variables, attributes and imported aliases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def is_particle(name: str) -> bool:
    """Tell whether a name is a particle, alone or with underscores and digits around it."""
    if name in EXCEPTIONS or (name.startswith("__") and name.endswith("__")):
        return False
    return name.strip("_0123456789").lower() in PARTICLES


def test_names_are_nouns_and_verbs() -> None:
    names = [(name, path) for path in FILES for name in bound_names(ast.parse(path.read_text(encoding="utf-8")))]
    found = Counter(name for name, _ in names if is_particle(name))
    share = sum(found.values()) / len(names)
    files = Counter(str(path.relative_to(SOURCE)) for name, path in names if is_particle(name))
    assert share < MOST, f"{100 * share:.2f} % of {len(names):,}: {found.most_common(40)} in {files.most_common(20)}"


def test_a_particle_is_found() -> None:
    tree = ast.parse("def kept(one, time):\n    _found = one\n    return _found\n")
    assert {name for name in bound_names(tree) if is_particle(name)} == {"kept", "one", "_found"}


def public_functions() -> Iterator[tuple[str, object]]:
    """Every public function and method of a public class, defined in Lindos."""
    import importlib
    import pkgutil

    for module_info in pkgutil.walk_packages(lindos.__path__, "lindos."):
        if module_info.name.startswith("lindos.cli") or module_info.name == "lindos.__main__":
            continue
        module = importlib.import_module(module_info.name)
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__}.{name}", value


def test_public_functions_say_what_their_arguments_are() -> None:
    functions = {name: value for name, value in public_functions() if inspect.signature(value).parameters}  # type: ignore[arg-type]
    silent = sorted(name for name, value in functions.items() if "Parameters\n" not in (inspect.getdoc(value) or ""))
    said = 1 - len(silent) / len(functions)
    rooms = Counter(name.split(".")[1] for name in silent)
    assert said >= 0.9, f"{100 * said:.0f} % of {len(functions)} functions; missing in {rooms.most_common()}: {silent}"
