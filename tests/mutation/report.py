"""The table of results, and the lists of survivors that it relies on."""
import collections
import pathlib
import sys

import finder

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
# It makes everything fail, and whichever refusal comes of that is one to it.
FAULT_TEST = "tests/fault/fault_test.c"
COLUMNS = ("checks", "mutants", "killed", "equivalent", "fault", "survived",
           "not run")


def read_list(name):
    """mutant -> reason: a line of reason, then lines that begin with a TAB."""
    reasons, reason, path = {}, "", HERE / name
    lines = path.read_text().splitlines() if path.is_file() else []
    for line in lines:
        if line.startswith("\t"):
            reasons[line.strip()] = reason
        elif line and not line.startswith("#"):
            reason = line
    return reasons


class Verdicts:
    """What became of every mutant, held against the lists."""

    def __init__(self, todo, cache, names):
        self.equivalent = read_list("equivalent")
        self.fault = read_list("fault")
        self.table = collections.defaultdict(collections.Counter)
        self.survivors, self.complaints = [], []
        for task in todo:
            self.table[task["path"]]["mutants"] += 1
            self.table[task["path"]][self.verdict(task, cache)] += 1
        self.complaints += [f"no such mutant any more: {name}" for name in
                            (*self.equivalent, *self.fault)
                            if name not in names]

    def verdict(self, task, cache):
        verdict, name = cache.get(task["key"]), task["name"]
        if verdict is None:
            return "not run"
        if "killed" in verdict:
            if name in self.equivalent or name in self.fault:
                self.complaints.append(f"listed, but a test notices it: {name}")
            return "killed"
        if name in self.equivalent:
            return "equivalent"
        if name in self.fault:
            if set(verdict["survived"]) - {FAULT_TEST}:
                self.complaints.append(f"a test comes here after all: {name}")
            return "fault"
        self.survivors.append(task)
        return "survived"


def rows(finders, table):
    total = collections.Counter()
    for path, (_, found) in finders.items():
        row = table[path]
        row["checks"] = sum(m.kind == "never" for m in found.mutants)
        total.update(row)
        yield path.removeprefix("pam_nitro/"), row
    yield "**all**", total


def listed(title, text, reasons):
    out = ["", f"## {title}", "", *text]
    by_reason = collections.defaultdict(list)
    for name, reason in reasons.items():
        by_reason[reason].append(name.removeprefix("pam_nitro/"))
    for reason, names in by_reason.items():
        out += ["", f"{reason}", ""] + [f"- `{name}`" for name in names]
    return out


def write_table(finders, verdicts):
    out = ["# Mutation testing: results", "",
           "Written by `make check-mutation` (tests/mutation/check). A check "
           "is a whole condition.", "Its mutants, and those beside it:", ""]
    out += [f"- **{kind}**: {text}" for kind, text in finder.KINDS.items()]
    out += ["", "| file | " + " | ".join(COLUMNS) + " |",
            "|---|" + "---:|" * len(COLUMNS)]
    for name, row in rows(finders, verdicts.table):
        out.append(f"| {name} | "
                   + " | ".join(str(row[column]) for column in COLUMNS) + " |")
    not_run = sum(row["not run"] for row in verdicts.table.values())
    if not_run > 0:
        out += ["", f"**{not_run} mutants have not been run since their "
                "function or its tests changed.**"]
    out += listed("Equivalent", ["No input tells these from the program."],
                  verdicts.equivalent)
    out += listed("Fault", [
        "Only where an allocation, a library or the kernel fails does any of "
        "these differ", "from the program: another reason, or a crash in the "
        "sandbox, and both are refusals", "to `make check-fault`, which makes "
        "them fail; no other test here does."], verdicts.fault)
    if verdicts.survivors:
        out += ["", "## Survived", ""]
        out += [f"- `{task['name'].removeprefix('pam_nitro/')}`"
                for task in verdicts.survivors]
    RESULTS.write_text("\n".join(out) + "\n")


def finish(finders, todo, cache, is_whole):
    names = {mutant.name() for _, found in finders.values()
             for mutant in found.mutants}
    verdicts = Verdicts(todo, cache, names)
    for task in verdicts.survivors:
        print(f"survived: {task['path']}:{task['line']}: {task['name']}")
    for complaint in verdicts.complaints:
        print(complaint)
    if is_whole:
        write_table(finders, verdicts)
    total = sum(verdicts.table.values(), collections.Counter())
    print(", ".join(f"{total[column]} {column}" for column in COLUMNS[1:]),
          file=sys.stderr)
    return 1 if verdicts.survivors or verdicts.complaints else 0
