#!/bin/sh
# Is every function that pam_nitro.so takes from others made to fail by
# libfault.so, or exempt with a reason? And every way to memory of the libraries?
set -u
build=${BUILD:-build}
module=$build/pam_nitro.so
wrapper=$build/tests/fault/libfault.so
exempt=$(dirname "$0")/exempt
number=0 failed=0

# A test passes when its command says nothing.
check() { # NAME COMMAND...
	name=$1
	shift
	number=$((number + 1))
	if output=$("$@" 2>&1) && [ -z "$output" ]; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		echo "$output" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

names() { awk '{ print $NF }' | sed 's/@.*//' | sort -u; }
imports() { nm -D --undefined-only "$1" | names; }
exempt_names() { grep -v '^#' "$exempt" | cut -s -f 1 | sort -u; }

every_import_is_covered() {
	{
		nm -D --defined-only "$wrapper" | names
		exempt_names
	} | sort -u >"$work/covered"
	imports "$module" | comm -23 - "$work/covered" |
	    sed 's/$/ is neither in functions.h nor in exempt/'
}

# "free" alone is there for both.
nothing_is_exempt_and_wrapped() {
	nm -D --defined-only "$wrapper" | names >"$work/wrapped"
	exempt_names | comm -12 - "$work/wrapped" | grep -vx free
	true
}

every_exemption_has_a_reason() {
	grep -vE '^(#|$)' "$exempt" | grep -vP '^[A-Za-z0-9_]+\t.{5,}$'
	exempt_names | uniq -d
	true
}

# Other doors to memory than the ones that memory.c stands in.
no_other_allocator() {
	ldd "$module" | awk '$3 ~ /^\// { print $3 }' | grep -v '/libc\.so' |
	    while read -r library; do
		imports "$library" |
		    grep -xE 'memalign|valloc|pvalloc|sbrk|brk' |
		    sed "s|^|$(basename "$library"): |"
	    done
	true
}

if [ ! -f "$module" ] || [ ! -f "$wrapper" ]; then
	echo "1..1"
	echo "not ok 1 - $module and $wrapper are there"
	exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
echo "1..4"
check "every import is made to fail, or is exempt" every_import_is_covered
check "nothing is exempt that is made to fail" nothing_is_exempt_and_wrapped
check "every exemption is there once and says why" every_exemption_has_a_reason
check "the libraries have no other allocator" no_other_allocator
[ "$failed" -eq 0 ]
