# shellcheck shell=bash disable=SC2154 # work is of who reads this
# TAP for the tests of packages, to be read by `.` from the top of the tree.
number=0
failed=0

# Something says yes: a command and its words, or a function of the test.
ok() { # NAME COMMAND...
	name=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/said" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		tail -n 30 "$work/said" | sed 's/^/# /'
		failed=1
	fi
}

# Ends the test where what it needs cannot be had.
need() { # PROGRAM...
	reason=$("$@" 2>&1) && return
	[ $? -eq 77 ] || { echo "not ok 1 - $1: $reason"; exit 1; }
	echo "ok 1 - all # SKIP $(echo "$reason" | tail -n 1)"
	exit 0
}

finish() {
	echo "1..$number"
	exit "$failed"
}

# A git repository of what is in this tree now, committed or not.
commit_tree() { # FOLDER
	mkdir -p "$1"
	git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
		[ ! -e "$file" ] || printf '%s\0' "$file"
	done | tar --null -T - -cf - | tar -C "$1" --no-same-owner -xf -
	git -C "$1" init -q
	git -C "$1" add -A
	GIT_COMMITTER_DATE='2026-01-02T03:04:05Z' git -C "$1" -c user.name=test -c user.email=test@test.example \
	    commit -q --date='2026-01-02T03:04:05Z' -m tree
}
