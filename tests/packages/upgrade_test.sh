#!/bin/bash
# Packages exchanged for newer and older ones on a host at work: no login that
# should pass is refused, whether it begins before, during or after that.
# shellcheck disable=SC2154,SC2317 # debian.sh sets root; ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/packages/debian.sh disable=SC1091
. tests/packages/debian.sh
prepare_debian
sim=${PACKAGES:-${BUILD:-build}}/nitro-sim
[ -x "$sim" ] || { echo "not ok 1 - needs $sim"; exit 1; }
cp "$sim" tests/packages/busy_host "$root/root/"
next=$version+next1
next_version "$version" "$next" || exit 1
cp "$packages"/*.deb "$root/root/"

ok "install" install_version "$version"
work_on() { inside /root/busy_host "$version" "$next" >"$work/came_out"; }
ok "a host at work, upgraded and downgraded three times" work_on
came_out() { # KEY VALUE
	cat "$work/came_out"
	[ ! -e "$root/root/why" ] || cat "$root/root/why"
	grep -qx "$1=$2" "$work/came_out"
}
several() {
	cat "$work/came_out"
	[ "$(sed -n 's/^during=//p' "$work/came_out")" -ge 4 ]
}
ok "logins went on while dpkg was at work" several
ok "none failed" came_out failed 0
ok "one that began before an upgrade and answered after it got in" came_out across 0
ok "other code does not" came_out stranger 255
ok "the version that was there last is there" version_is "$version"
finish
