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

# Relocations are read-only, all symbols are bound at once, no stack is
# executable, and buffers on it are guarded.
is_hardened() { # FILE
	readelf -lW "$1" >"$work/segments"
	readelf -dW "$1" >"$work/dynamic"
	grep -q GNU_RELRO "$work/segments" || echo "no RELRO"
	grep -qE 'BIND_NOW|FLAGS_1.*NOW' "$work/dynamic" || echo "symbols are not bound at once"
	grep GNU_STACK "$work/segments" | grep -q 'RWE' && echo "an executable stack"
	grep -E ' LOAD .* RWE ' "$work/segments" | sed 's/^/writable code:/'
	grep -E 'RPATH|RUNPATH|TEXTREL' "$work/dynamic"
	readelf -hW "$1" | grep -q 'Type: *DYN' || echo "it has a fixed address"
	nm -D --undefined-only "$1" | grep -q ' __stack_chk_fail' || echo "no stack protector"
	nm -D --undefined-only "$1" | grep -qE ' __(snprintf|vsnprintf|read|memcpy|fprintf|printf)_chk' ||
	    echo "no function of _FORTIFY_SOURCE"
	true
}

# The linker only keeps the mark where the C library's own objects have it,
# which Debian's have not: so look at ours.
has_cet() {
	[ "$(uname -m)" = x86_64 ] || return
	find "${BUILD:-build}/obj/pam_nitro" -name '*.o' | while read -r object; do
		readelf -nW "$object" | grep -q 'x86 feature: IBT, SHSTK' || echo "$object"
	done
	objdump -d --no-show-raw-insn --disassemble=pam_sm_authenticate "$module" |
	    grep -A 1 '<pam_sm_authenticate>:' | grep -q endbr64 || echo "no endbr64 at an entry point"
}

# What cannot be read off the file: the level of _FORTIFY_SOURCE.
is_compiled_hardened() { # FLAGS-OF-A-DISTRIBUTION FLAG...
	env -u CFLAGS -u CPPFLAGS make -B -n CPPFLAGS="$1" BUILD="$work/none" \
	    "$work/none/obj/pam_nitro/base/hex.o" 2>&1 | grep -e ' -c ' | tr ' ' '\n' >"$work/flags"
	shift
	for flag in "$@"; do
		grep -qx -e "$flag" "$work/flags" || echo "$flag is missing"
	done
	[ "$(grep -c -e '-D_FORTIFY_SOURCE' "$work/flags")" -eq 1 ] || echo "not one level of _FORTIFY_SOURCE"
}

if [ ! -f "$module" ]; then
	echo "1..1"
	echo "not ok 1 - $module is there"
	exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
echo "1..12"
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
check "it is linked hardened" is_hardened "$module"
check "pam-nitro is linked hardened" is_hardened "${BUILD:-build}/pam-nitro"
check "nitro-ssh is linked hardened" is_hardened "${BUILD:-build}/nitro-ssh"
check "returns and indirect calls are guarded (CET)" has_cet
check "the compiler is told to harden, with _FORTIFY_SOURCE of 3" \
    is_compiled_hardened "" -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
check "a distribution's level of _FORTIFY_SOURCE goes first" \
    is_compiled_hardened -D_FORTIFY_SOURCE=2 -D_FORTIFY_SOURCE=2
[ "$failed" -eq 0 ]
