#!/bin/sh
# The module through libpam under valgrind: logins of every kind, in the host
# and in the sandbox. No error, and nothing of ours is lost.
#
# The limits of the sandbox do nothing here (tests/valgrind/relax.c), and valgrind
# has no seccomp(2). What is suppressed stands with its reason in tests/valgrind/suppressions.
set -u
build=${BUILD:-build}
programs="stages_test key_binding_test"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0 failed=0

# shellcheck disable=SC2086 # a list of words
echo "1..$(echo $programs | wc -w)"
for program in $programs; do
	number=$((number + 1))
	name="$program makes no error and loses no memory"
	if ! command -v valgrind >/dev/null; then
		echo "ok $number - $name # SKIP needs valgrind"
		continue
	fi
	BUILD=$build LD_PRELOAD=$PWD/$build/tests/valgrind/relax.so valgrind -q --error-exitcode=99 \
	    --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
	    --num-callers=30 --suppressions=tests/valgrind/suppressions --log-file="$work/%p.log" \
	    "$build/tests/module/$program" >"$work/out" 2>&1
	status=$?
	cat "$work"/*.log | grep '^==' >"$work/errors"
	rm -f "$work"/*.log
	if [ "$status" -eq 0 ] && [ ! -s "$work/errors" ]; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		{ grep -v '^ok' "$work/out" | tail -n 20; head -n 60 "$work/errors"; } | sed 's/^/# /'
		failed=1
	fi
done
exit "$failed"
