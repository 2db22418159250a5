#!/bin/sh
# What pam_nitro.so shows to its host, and what it takes from it. M19
set -u
module=${BUILD:-build}/pam_nitro.so
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

defined() { nm -D --defined-only "$module" | awk '{ print $NF }' | sed 's/@.*//' | sort; }
undefined() { nm -D --undefined-only "$module" | awk '{ print $NF }' | sed 's/@.*//' | sort; }

exactly_the_entry_points() {
	{
		echo pam_sm_acct_mgmt
		echo pam_sm_authenticate
		echo pam_sm_close_session
		echo pam_sm_open_session
		echo pam_sm_setcred
	} >"$work/wanted"
	defined >"$work/defined"
	diff "$work/wanted" "$work/defined"
}

# A name of our own that is undefined would be looked up in the host.
nothing_of_its_own_is_undefined() {
	undefined | grep -E '^(nitro|sim|pam_sm)_'
	true
}

# pam_set_item (PAM_AUTHTOK, PAM_USER), fork, exec, signals, exit: never.
none_of() { # NAME...
	for word in "$@"; do
		undefined | grep -x -e "$word" -e "__${word}_chk"
	done
	true
}

only_libraries() { # NAME...
	readelf -d "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' >"$work/needed"
	for library in "$@"; do
		grep -v -x "$library" "$work/needed" >"$work/rest"
		mv "$work/rest" "$work/needed"
	done
	cat "$work/needed"
}

# Relocations are read-only, all symbols are bound at once, no stack is executable.
is_hardened() {
	readelf -lW "$module" | grep -q GNU_RELRO || echo "no RELRO"
	readelf -d "$module" | grep -q BIND_NOW || echo "symbols are not bound at once"
	readelf -lW "$module" | grep GNU_STACK | grep -q 'RWE' && echo "an executable stack"
	readelf -d "$module" | grep -E 'RPATH|RUNPATH|TEXTREL'
	true
}

if [ ! -f "$module" ]; then
	echo "1..1"
	echo "not ok 1 - $module is there"
	exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
echo "1..7"
check "the module shows its five entry points and nothing else" exactly_the_entry_points
check "no name of its own is left to the host" nothing_of_its_own_is_undefined
check "it sets no item of PAM and asks for no password" \
    none_of pam_set_item pam_get_authtok pam_prompt pam_vprompt pam_get_user
check "it runs no program, handles no signal of the host and never exits" \
    none_of vfork execve execv execl execvp fexecve posix_spawn posix_spawnp \
    system popen signal alarm exit abort longjmp
check "it reads no environment but PAM's and changes no locale" \
    none_of getenv secure_getenv setenv putenv unsetenv setlocale umask chdir
check "it needs libpam, libcrypto, libcbor, libconfig, libseccomp and the C library alone" \
    only_libraries libpam libcrypto libcbor libconfig libseccomp libc
check "it is linked hardened" is_hardened
[ "$failed" -eq 0 ]
