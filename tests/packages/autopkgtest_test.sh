#!/bin/bash
# debian/tests in a clean Debian, with the packages installed as apt does it: the
# module, tool and client that log in at a real sshd are the packages'.
# shellcheck disable=SC2016,SC2154,SC2317 # quoted for another shell; ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/packages/debian.sh disable=SC1091
. tests/packages/debian.sh
prepare_debian

# What autopkgtest mounts ends with this namespace.
run_tests() {
	unshare --mount --pid --fork sh -c 'mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
	    mount -t sysfs sysfs "$0/sys" && exec "$@"' "$root" \
	    autopkgtest --output-dir "$work/output" --no-built-binaries "$work"/packages/*.deb \
	    "$work"/packages/*.dsc -- chroot "$root"
}
logins() { # tests/run's last line, of the log
	tail -n 5 "$work"/output/installed-stdout
	grep -qE '^[1-9][0-9]* passed, 0 failed, 0 skipped$' "$work"/output/installed-stdout
}
ok "debian/tests pass with the installed packages" run_tests
ok "all logins at a real sshd came out, none was skipped" logins
finish
