"""Find every check of a C source and make the copy in which each is a mutant.

The positions come from clang's syntax tree, so what stands in a string, a
comment or a macro's body is never taken for a check.
"""
import hashlib
import json
import pathlib
import re
import subprocess

COMPARISONS = {"<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}
WRAPPERS = {"ParenExpr", "ImplicitCastExpr", "ConstantExpr"}
# What is called for its memory alone: a leak, which a sanitizer reports.
RELEASES = re.compile(r"(free|drop|unload|close|free_all)$|^drop_")
# What is only said.
MESSAGES = re.compile(r"(refuse|fault_set|printf)$")
BOOLEAN = {"bool", "_Bool"}
# Not how many, but whether any.
NO_LIMITS = {b"0", b"1"}

KINDS = {
    "never": "the condition is never true: the guard is removed",
    "always": "the condition is always true",
    "invert": "the condition is inverted",
    "drop": "an operand of && or || is dropped",
    "shift": "< becomes <=, > becomes >=, and back",
    "limit": "a number is one higher",
    "ignore": "the outcome of a call is ignored",
    "leave-out": "a call is left out",
}


class Mutant:
    def __init__(self, path, function, kind, text, line):
        self.path, self.function, self.kind = path, function, kind
        self.text = " ".join(text.split())
        self.line = line
        self.number = 0  # within the file
        self.nth = 1  # of those that read the same

    def name(self):
        """Stays the same when lines move."""
        nth = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.path} {self.function} {self.kind}{nth}: {self.text}"


def syntax_tree(root, path, flags):
    command = ["clang", "-fsyntax-only", "-w", *flags,
               "-Xclang", "-ast-dump=json", path]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True)
    return json.loads(done.stdout)


class Finder:
    """Visits the functions of one file; collects mutants and edits."""

    def __init__(self, path, text, own_macros):
        self.path, self.text, self.own_macros = path, text, own_macros
        self.mutants, self.edits = [], []
        self.function = ""
        self.seen_file = ""
        self.static_numbers = 0

    # Where a node stands

    def note_file(self, node):
        """clang names a file only where it is another than before."""
        for part in (node.get("loc"), *node.get("range", {}).values()):
            for place in self.places(part or {}):
                self.seen_file = place.get("file", self.seen_file)

    @staticmethod
    def places(part):
        if "spellingLoc" in part or "expansionLoc" in part:
            return [part.get("spellingLoc", {}), part.get("expansionLoc", {})]
        return [part]

    def span(self, node):
        """(begin, end, is_macro): a macro counts as one word with its arguments."""
        begin, end = node["range"]["begin"], node["range"]["end"]
        in_macro = "expansionLoc" in begin and "expansionLoc" in end
        first = begin.get("expansionLoc", begin)
        last = end.get("expansionLoc", end)
        if "offset" not in first or "offset" not in last:
            return None
        stop = last["offset"] + last["tokLen"]
        if "expansionLoc" in end:
            stop = self.after_arguments(stop)
        is_macro = in_macro and first["offset"] == last["offset"]
        return first["offset"], stop, is_macro

    def after_arguments(self, at):
        match = re.compile(rb"\s*\(").match(self.text, at)
        if match is None:
            return at
        depth, at = 1, match.end()
        while depth > 0:
            depth += {ord("("): 1, ord(")"): -1}.get(self.text[at], 0)
            at += 1
        return at

    # What a mutant is made of

    def add(self, kind, span):
        text = self.text[span[0]:span[1]].decode()
        line = self.text.count(b"\n", 0, span[0]) + 1
        mutant = Mutant(self.path, self.function, kind, text, line)
        mutant.nth = len([m for m in self.mutants if
                          (m.function, m.kind, m.text) ==
                          (mutant.function, kind, mutant.text)]) + 1
        self.mutants.append(mutant)
        mutant.number = len(self.mutants)
        return mutant.number

    def wrap(self, span, macro, kind):
        number = self.add(kind, span)
        self.edits.append((span[0], span[1], f"{macro}(@{number}@, ", ")"))

    def decide(self, node):
        """A whole condition."""
        if strip(node).get("opcode") == ",":
            before, node = strip(node)["inner"]
            self.visit(before)
        span = self.span(node)
        if span is None:
            return
        self.wrap(span, "NITRO_NEVER", "never")
        self.wrap(span, "NITRO_ALWAYS", "always")
        self.wrap(span, "NITRO_INVERT", "invert")
        self.operands(node)

    def operands(self, node):
        inner = strip(node)
        span = self.span(inner)
        if span is None or span[2]:
            return
        opcode = inner.get("opcode")
        if inner["kind"] == "BinaryOperator" and opcode in ("&&", "||"):
            macro = "NITRO_ALWAYS" if opcode == "&&" else "NITRO_NEVER"
            for operand in inner["inner"]:
                place = self.span(operand)
                # Of a && b && c each alone, not a && b at once.
                if place is not None and operand.get("opcode") != opcode:
                    self.wrap(place, macro, "drop")
                self.operands(operand)
        elif inner["kind"] == "UnaryOperator" and opcode == "!":
            self.operands(inner["inner"][0])
        else:
            self.visit(inner, is_condition=True)

    def shift(self, node, span):
        left, right = node["inner"]
        if any("*" in side["type"]["qualType"] for side in (left, right)):
            return
        after, before = self.span(left)[1], self.span(right)[0]
        opcode = node["opcode"].encode()
        at = self.text.find(opcode, after, before)
        assert at >= 0, self.text[span[0]:span[1]]
        number = self.add("shift", span)
        macro = "NITRO_SHIFT_" + COMPARISONS[node["opcode"]]
        self.edits.append((span[0], span[1], f"{macro}(@{number}@, (", "))"))
        self.edits.append((at, at + len(opcode), None, "), ("))

    # The walk

    def visit(self, node, is_condition=False, has_limits=False):
        if not node or "kind" not in node:
            return
        span = self.span(node) if "range" in node else None
        if span is not None and span[2] and node["kind"] not in WRAPPERS:
            self.macro(node, span, is_condition, has_limits)
            return
        method = getattr(self, "on_" + node["kind"], None)
        if method is not None:
            method(node, span, is_condition, has_limits)
        else:
            self.children(node, has_limits)

    def children(self, node, has_limits=False):
        inner = [child for child in node.get("inner", []) if "range" in child]
        spans = [self.span(child) for child in inner]
        for child, span in zip(inner, spans):
            # A macro that is several arguments at once is no number.
            is_one = spans.count(span) == 1
            self.visit(child, has_limits=has_limits and is_one)

    def macro(self, node, span, is_condition, has_limits):
        """A macro's use is one word: a limit where it is a number."""
        name = re.match(rb"\w*", self.text[span[0]:span[1]])[0].decode()
        if has_limits and is_number(node) and name in self.own_macros:
            self.wrap(span, "NITRO_LIMIT", "limit")

    def condition_first(self, node):
        rest = list(node["inner"])
        self.decide(rest.pop(0))
        for child in rest:
            self.statement(child)

    def on_IfStmt(self, node, *_):
        self.condition_first(node)

    def on_WhileStmt(self, node, *_):
        self.condition_first(node)

    def on_DoStmt(self, node, *_):
        body, condition = node["inner"]
        self.statement(body)
        self.decide(condition)

    def on_ForStmt(self, node, *_):
        start, _, condition, step, body = node["inner"]
        self.visit(start)
        if condition:
            self.decide(condition)
        self.visit(step)
        self.statement(body)

    def on_ConditionalOperator(self, node, _, __, has_limits):
        condition, *values = node["inner"]
        self.decide(condition)
        for value in values:
            self.visit(value, has_limits=has_limits)

    def on_CompoundStmt(self, node, *_):
        for child in node.get("inner", []):
            self.statement(child)

    def statement(self, node):
        if not node or "kind" not in node:
            return
        call = node
        if node["kind"] == "CStyleCastExpr" and \
                node["type"]["qualType"] == "void":
            call = strip(node["inner"][0])
        span = self.span(node) if "range" in node else None
        is_call = call["kind"] == "CallExpr" and (
            call is not node or call["type"]["qualType"] == "void")
        if is_call and span is not None and \
                not RELEASES.search(callee(call)):
            self.wrap(span, "NITRO_LEAVE_OUT", "leave-out")
        if not is_call:
            self.visit(node)
        elif span is not None and not span[2]:
            self.children(call, has_limits=True)

    def on_BinaryOperator(self, node, span, is_condition, has_limits):
        opcode = node["opcode"]
        is_comparison = opcode in ("==", "!=") or opcode in COMPARISONS
        if not is_condition and (is_comparison or opcode in ("&&", "||")):
            self.decide(node)
            return
        if opcode in COMPARISONS:
            self.shift(node, span)
        is_counting = opcode not in ("<<", ">>", "=")
        self.children(node, is_comparison or (has_limits and is_counting))

    def on_UnaryOperator(self, node, _, is_condition, has_limits):
        if node["opcode"] == "!" and not is_condition:
            self.decide(node)
        else:
            self.children(node, has_limits)

    def on_CallExpr(self, node, span, is_condition, _):
        kind = node["type"]["qualType"]
        if kind in BOOLEAN and not is_condition:
            self.decide(node)
            return
        if kind == "nitro_err":
            self.wrap(span, "NITRO_IGNORE", "ignore")
        self.children(node, has_limits=not MESSAGES.search(callee(node)))

    def on_ArraySubscriptExpr(self, node, *_):
        self.children(node)

    def on_InitListExpr(self, node, *_):
        zero = self.text[node["range"]["begin"].get("offset", 0):][:3]
        if zero != b"{0}":
            self.children(node, has_limits=True)

    def on_IntegerLiteral(self, _, span, __, has_limits):
        text = self.text[span[0]:span[1]] if span is not None else b"0"
        if has_limits and text not in NO_LIMITS:
            self.wrap(span, "NITRO_LIMIT", "limit")

    def on_VarDecl(self, node, *_):
        if node.get("storageClass") == "static":
            self.static_numbers += count_numbers(node)
        else:
            self.children(node, has_limits=True)

    def on_CaseStmt(self, node, *_):
        for child in node["inner"][1:]:
            self.statement(child)

    def on_DefaultStmt(self, node, *_):
        for child in node["inner"]:
            self.statement(child)

    def on_EnumDecl(self, *_):
        pass

    def on_StaticAssertDecl(self, *_):
        pass

    def on_UnaryExprOrTypeTraitExpr(self, *_):
        pass

    def top(self, tree):
        for node in tree["inner"]:
            self.note_file(node)
            is_ours = self.seen_file == self.path
            self.track(node)
            if is_ours and node["kind"] == "FunctionDecl" and \
                    not RELEASES.search(node["name"]):
                self.function = node["name"]
                for child in node.get("inner", []):
                    if child["kind"] == "CompoundStmt":
                        self.visit(child)
            elif is_ours and node["kind"] == "VarDecl":
                self.static_numbers += count_numbers(node)

    def track(self, node):
        """Follow clang's file names through a whole declaration."""
        self.note_file(node)
        for child in node.get("inner", []):
            self.track(child)

    def mutated_text(self, first_id):
        """The copy: outer edits open first and close last."""
        opens, closes, swaps = {}, {}, {}
        for order, (begin, end, prefix, suffix) in enumerate(self.edits):
            if prefix is None:
                swaps[begin] = (end, suffix)
                continue
            opens.setdefault(begin, []).append((-end, order, prefix))
            closes.setdefault(end, []).append((-begin, -order, suffix))
        out, at = [], 0
        for stop in sorted({*opens, *closes, *swaps, len(self.text)}):
            out.append(self.text[at:stop].decode())
            at = max(at, stop)
            out += [text for *_, text in sorted(closes.get(stop, []))]
            out += [text for *_, text in sorted(opens.get(stop, []))]
            if stop in swaps:
                at = swaps[stop][0]
                out.append(swaps[stop][1])
        out.append(self.text[at:].decode())
        return re.sub(r"@(\d+)@", lambda m: str(first_id + int(m[1])),
                      "".join(out))


def strip(node):
    while node["kind"] in WRAPPERS:
        node = node["inner"][0]
    return node


def callee(call):
    """The name that is called, or ""."""
    node = strip(call["inner"][0])
    return node.get("referencedDecl", node).get("name", "")


def is_number(node):
    """Made of integer literals alone."""
    allowed = WRAPPERS | {"BinaryOperator", "CStyleCastExpr", "UnaryOperator",
                          "UnaryExprOrTypeTraitExpr", "IntegerLiteral"}
    return node["kind"] in allowed and \
        "*" not in node["type"]["qualType"] and \
        all(is_number(child) for child in node.get("inner", [])
            if node["kind"] != "UnaryExprOrTypeTraitExpr")


def count_numbers(node):
    return (node.get("kind") == "IntegerLiteral") + \
        sum(count_numbers(child) for child in node.get("inner", []))


def own_macros(root):
    """Every macro of ours: the limits of C's own types are no limits here."""
    names = set()
    for path in pathlib.Path(root, "pam_nitro").rglob("*.[ch]"):
        names.update(re.findall(r"^#define (\w+)\s", path.read_text(), re.M))
    return names


def function_digests(text):
    """name -> digest of the function: in the house's format one ends at "^}"."""
    found = re.finditer(r"^(?!__)(\w+)\([^;]*?^\{\n.*?^\}", text, re.M | re.S)
    return {match[1]: hashlib.sha256(match[0].encode()).hexdigest()[:16]
            for match in found}


def find(root, path, flags, macros):
    """The Finder of one source, after its visit."""
    with open(f"{root}/{path}", "rb") as file:
        text = file.read()
    finder = Finder(path, text, macros)
    finder.top(syntax_tree(root, path, flags))
    finder.digests = function_digests(text.decode())
    return finder
