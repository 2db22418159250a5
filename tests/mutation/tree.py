"""A copy of the tree in which every mutant stands, built by the Makefile."""
import hashlib
import os
import pathlib
import subprocess

import finder

FLOORS = ("base", "evidence", "ssh", "policy", "sandbox", "module")
FLAGS = ["-std=c11", "-D_GNU_SOURCE", '-DNITRO_VERSION="0"', "-Ipam_nitro"]
# Mutants of a file have numbers of their own, so that a change of one file
# leaves the objects of the others as they are.
IDS_EACH = 2000
# Tens of thousands of documents; a thousand handles.
TOO_SLOW = {"tests/unit/mutants_test.c", "tests/module/process_test.c"}
OTHER_PROGRAMS = ("client_", "admin_", "sim_", "conf_")


def sources():
    """Every file whose checks are mutated, without pam_nitro/ of others."""
    found = [path for floor in FLOORS
             for path in sorted(pathlib.Path("pam_nitro", floor).glob("*.c"))]
    return [str(path) for path in found]


def test_sources():
    """The unit tests of these floors, the module's, and calls that fail."""
    unit = [path for path in sorted(pathlib.Path("tests/unit").glob("*_test.c"))
            if not path.name.startswith(OTHER_PROGRAMS)]
    module = sorted(pathlib.Path("tests/module").glob("*_test.c"))
    return [*(str(path) for path in unit + module
              if str(path) not in TOO_SLOW), "tests/fault/fault_test.c"]


def digest_of(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def put(path, data):
    """Write where the content differs, so that make sees what has changed."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def copied_files():
    """Whatever the build reads but the mutated sources."""
    files = [pathlib.Path("Makefile"), pathlib.Path("NEWS.md")]
    for folder in ("pam_nitro", "tests/unit", "tests/module", "tests/sim",
                   "tests/fault", "conf", "packaging"):
        files += [path for path in sorted(pathlib.Path(folder).rglob("*"))
                  if path.is_file() and path.suffix != ".pyc"]
    return files


def first_wrong_row_ends(text):
    """Tables go on to show every wrong row; for a mutant the first is enough."""
    assert b"\treturn 1;\n" in text
    return b"#include <unistd.h>\n" + \
        text.replace(b"\treturn 1;\n", b"\t_exit(1);\n")


def make_copy(copy, finders):
    here = pathlib.Path(__file__).parent
    mutated = {path: found.mutated_text(first).encode()
               for path, (first, found) in finders.items()}
    unit = "tests/unit/unit.c"
    mutated[unit] = first_wrong_row_ends(pathlib.Path(unit).read_bytes())
    wanted = {copy / path: path for path in copied_files()}
    for target, path in wanted.items():
        put(target, mutated.get(str(path)) or path.read_bytes())
    extra = {copy / "pam_nitro/base/mutant.c": here / "mutant.c",
             copy / "mutant.h": here / "mutant.h",
             copy / "tests/unit/first_red.c": here / "first_red.c",
             copy / "tests/module/first_red.c": here / "first_red.c"}
    for target, path in extra.items():
        put(target, path.read_bytes())
    for folder in ("pam_nitro", "tests"):
        for path in list((copy / folder).rglob("*")):
            if path.is_file() and path not in wanted and path not in extra:
                path.unlink()


def find_all():
    """path -> (id before its first, Finder)."""
    finders = {}
    macros = finder.own_macros(".")
    for number, path in enumerate(sources()):
        found = finder.find(".", path, FLAGS, macros)
        assert len(found.mutants) < IDS_EACH, path
        finders[path] = (number * IDS_EACH, found)
    return finders


def build(copy):
    """Returns test source -> program."""
    programs = {path: str(copy / "build" / path.removesuffix(".c"))
                for path in test_sources()}
    names = [f"build/{path.removesuffix('.c')}" for path in test_sources()]
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "BUILD")}
    subprocess.run(
        ["make", "-s", "-j2", "-C", str(copy), "BUILD=build",
         "CFLAGS=-O1 -g -w -include mutant.h", "build/pam_nitro.so", *names],
        check=True, env=environment)
    return programs
