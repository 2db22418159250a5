#!/bin/bash
# Built twice, in folders, locales, time zones, umasks, numbers of jobs and years
# of their own: the same programs, the same tarball and the same packages.
# shellcheck disable=SC2317 # ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
need tests/packages/prepare reproducible
unset MAKEFLAGS MAKELEVEL BUILD CC CFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH

one=$work/one
other=$work/elsewhere/with-a-much-longer-name
mkdir -p "$one" "$other"
commit_tree "$one/tree"
git clone -q "$one/tree" "$other/tree" || exit 1
version=$(sed -n 's/^## *\([0-9][0-9.]*\).*/\1/p' NEWS.md | head -n 1)

# The files of a clone, as old as they are there.
here() { (umask 022; cd "$one/tree" && env -i PATH="$PATH" HOME="$one" LC_ALL=C TZ=UTC "$@"); }
# Another host in another year. (faketime has files that are newer than now.)
elsewhere() {
	(umask 077; cd "$other/tree" && env -i PATH="$PATH" HOME="$other" USER=builder LOCPATH="$work/locales" \
	    LC_ALL=tr_TR.UTF-8 LANGUAGE=tr TZ=Asia/Kathmandu faketime -m -f '+400d' "$@")
}
both() { # WORDS, in which OUT is a folder of each
	here "${@//OUT/$one}" && elsewhere "${@//OUT/$other}"
}
mkdir "$work/locales" && localedef -i tr_TR -f UTF-8 "$work/locales/tr_TR.UTF-8" || exit 1

# That what differs does differ.
surroundings() {
	for shell in here elsewhere; do
		$shell sh -c 'date +%Y; locale charmap; printf %.1f 1,5 2>&1; umask; pwd' >"$work/$shell"
		cat "$work/$shell"
	done
	[ "$(paste "$work/here" "$work/elsewhere" | awk -F '\t' '$1 == $2' | wc -l)" -eq 0 ]
}
stamped() {
	echo 'const char stamp[] = __DATE__ __TIME__;' >"$work/stamp.c"
	both gcc -c -o OUT/stamp.o "$work/stamp.c" && ! cmp "$one/stamp.o" "$other/stamp.o"
}
ok "year, character set, umask and folder are others" surroundings
ok "a program with the time in it differs" stamped

ok "programs are built in both" both make -s BUILD=OUT/build all nitro-ssh-static
for program in pam_nitro.so pam-nitro nitro-ssh nitro-ssh-static; do
	ok "$program is the same" cmp "$one/build/$program" "$other/build/$program"
done

tarball=dist/pam_nitro-$version.tar.xz
ok "the tarball is made in both" both packaging/dist OUT/dist
ok "it is the same" cmp "$one/$tarball" "$other/$tarball"

# One from the tree, the other from the tarball.
build_packages() {
	here env DEB_BUILD_OPTIONS="nocheck parallel=1" packaging/build-deb "$one/deb" &&
	    elsewhere env DEB_BUILD_OPTIONS="nocheck parallel=2" TMPDIR="$other" packaging/build-deb "$other/deb" "$other/$tarball"
}
same_packages() {
	count=0
	for package in "$one"/deb/*.deb; do
		cmp "$package" "$other/deb/${package##*/}" || return 1
		count=$((count + 1))
	done
	[ "$count" -eq 6 ] # three and their debug symbols
}
ok "packages are built in both, from tree and tarball" build_packages
ok "all of them are the same" same_packages

# SOURCE_DATE_EPOCH is the time of everything where it is given.
epoch="1700000000"
tarball_of_epoch() {
	here env SOURCE_DATE_EPOCH="$epoch" packaging/dist "$one/epoch" && ! cmp -s "$one/epoch/${tarball#dist/}" "$one/$tarball" &&
	    ! TZ=UTC tar --full-time -tvf "$one/epoch/${tarball#dist/}" | grep -v ' 2023-11-14 22:13:20 '
}
packages_of_epoch() {
	here env SOURCE_DATE_EPOCH="$epoch" DEB_BUILD_OPTIONS="nocheck noautodbgsym" packaging/build-deb "$one/epoch" &&
	    TZ=UTC dpkg-deb --fsys-tarfile "$one/epoch"/libpam-nitro_*.deb | TZ=UTC tar --full-time -tv >"$work/times" &&
	    [ -s "$work/times" ] && ! grep -v ' 2023-11-14 22:13:20 ' "$work/times"
}
ok "SOURCE_DATE_EPOCH is the time of the tarball" tarball_of_epoch
ok "and of the packages" packages_of_epoch
finish
