#!/bin/bash
# Release tarball and Debian packages, from the tree and from the tarball: lintian
# and the hardening checks have nothing to say.
# shellcheck disable=SC2317 # ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
need tests/packages/prepare deb
keep=${BUILD:-build}/packages
rm -rf "$keep"
mkdir -p "$keep"
keep=$(cd "$keep" && pwd)
unset MAKEFLAGS MAKELEVEL BUILD CC CFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH

# --- the tarball -------------------------------------------------------------

commit_tree "$work/tree"
version=$(sed -n 's/^## *\([0-9][0-9.]*\).*/\1/p' NEWS.md | head -n 1)
tarball=$work/dist/pam_nitro-$version.tar.xz
ok "make dist makes pam_nitro-$version.tar.xz" make -s -C "$work/tree" dist BUILD="$work/dist"

tarball_listing() {
	tar --numeric-owner --full-time -tvf "$tarball" >"$work/listing" && [ -s "$work/listing" ] &&
	    ! grep -v ' 0/0 .* 2026-01-02 03:04:05 pam_nitro-' "$work/listing" &&
	    awk '{ print $6 }' "$work/listing" | LC_ALL=C sort -c &&
	    ! grep -E '^-(...[^-]|....w|.......w)' "$work/listing" | grep -E '^-.{4}w|^-.{7}w'
}
tarball_complete() {
	(cd "$work/tree" && git ls-files) | LC_ALL=C sort >"$work/committed"
	tar -tf "$tarball" | sed "s|^pam_nitro-$version/||; /\\/\$/d; /^\$/d" | LC_ALL=C sort | diff "$work/committed" -
}
ok "its files are root's, sorted, at the commit's time" env TZ=UTC bash -c "$(declare -f tarball_listing)
    work='$work' tarball='$tarball'; tarball_listing"
ok "it has what is committed and nothing else" tarball_complete

# --- the packages ------------------------------------------------------------

# The unit tests are left to make check.
from_tree() { DEB_BUILD_OPTIONS=nocheck "$work/tree/packaging/build-deb" "$keep"; }
from_tarball() { DEB_BUILD_OPTIONS=nocheck packaging/build-deb "$work/deb" "$tarball"; }
ok "dpkg-buildpackage from the tree" from_tree
ok "dpkg-buildpackage from the tarball" from_tarball
same_packages() {
	count=0
	for package in "$keep"/*.deb; do
		cmp "$package" "$work/deb/${package##*/}" || return 1
		count=$((count + 1))
	done
	[ "$count" -eq 6 ] # three and their debug symbols
}
ok "all packages of the two are the same bytes" same_packages

lintian_clean() { lintian --allow-root --fail-on error,warning --display-level '>=warning' "$keep"/*.changes | tee "$work/lintian" && [ ! -s "$work/lintian" ]; }
ok "lintian: no error and no warning" lintian_clean
ok "blhc: every compilation was hardened" blhc --all --debian "$keep/build.log"

for package in libpam-nitro pam-nitro nitro-ssh; do
	dpkg-deb -x "$keep/${package}_$version"-*.deb "$work/root" || exit 1
done
module=$(echo "$work"/root/usr/lib/*/security/pam_nitro.so)
hardened() { # FILE: position independent, read-only relocations, all of them at the start
	readelf -hldW "$1" >"$work/elf" && grep -q 'Type: *DYN' "$work/elf" && grep -q GNU_RELRO "$work/elf" &&
	    grep -qE 'BIND_NOW|FLAGS_1.*NOW' "$work/elf" && ! grep -qE 'GNU_STACK.*RWE' "$work/elf"
}
for file in "$module" "$work/root/usr/bin/pam-nitro" "$work/root/usr/bin/nitro-ssh"; do
	ok "${file##*/} is PIE, RELRO, BIND_NOW" hardened "$file"
done
# That the check can fail: a program without any of it.
soft() { echo 'int main(void) { return 0; }' | gcc -no-pie -Wl,-z,norelro,-z,lazy -x c -o "$work/soft" - && ! hardened "$work/soft"; }
ok "a program that is not hardened is noticed" soft

needs_nothing() { ! readelf -dW "$work/root/usr/bin/nitro-ssh" | grep NEEDED && "$work/root/usr/bin/nitro-ssh" --help; }
ok "nitro-ssh needs no shared library" needs_nothing
multiarch() { [ "$module" = "$work/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/security/pam_nitro.so" ]; }
ok "the module is in the multiarch folder" multiarch
nothing_elsewhere() {
	! find "$work/root/etc" -type f | grep -v /etc/pam_nitro/ && [ ! -e "$work/root/etc/pam.d" ] && [ ! -e "$work/root/etc/ssh" ]
}
ok "no package has a file for /etc/pam.d or /etc/ssh" nothing_elsewhere
# shellcheck disable=SC2012 # names without surprises
conffiles() {
	dpkg-deb -I "$keep/libpam-nitro_$version"-*.deb conffiles | sort >"$work/conffiles"
	(cd "$work/root" && find etc -type f | sed 's|^|/|' | sort) | diff - "$work/conffiles" &&
	    ! dpkg-deb -c "$keep/libpam-nitro_$version"-*.deb | grep ' ./etc/pam_nitro/.' | grep -v '^-rw-r--r-- root/root'
}
ok "what is in /etc is a conffile, 0644 of root" conffiles
finish
