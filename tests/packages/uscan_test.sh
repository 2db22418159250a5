#!/bin/bash
# What make dist makes, as whoever packages releases gets it: uscan finds the newer
# one on an index page of the loopback, downloads it and names it as dpkg-source
# wants it. The watch file is that of packaging/debian/README.source.
# shellcheck disable=SC2317 # ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
need tests/packages/prepare uscan
unset MAKEFLAGS MAKELEVEL BUILD CC CFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

# This release, and the next one.
version=$(sed -n 's/^## *\([0-9][0-9.]*\).*/\1/p' NEWS.md | head -n 1)
next=$version.1
source=pam-nitro_$next
releases=$work/releases
commit_tree "$work/tree"
cp -R "$work/tree" "$work/next"
sed -i "0,/^## /s/^## .*/## $next\n\n&/" "$work/next/NEWS.md"
sed -i "1s/(.*)/($next-1)/" "$work/next/packaging/debian/changelog"
git -C "$work/next" -c user.name=test -c user.email=test@test.example commit -qa -m next || exit 1
both_releases() { "$work/tree/packaging/dist" "$releases" && "$work/next/packaging/dist" "$releases"; }
ok "make dist makes both" both_releases

# Any free port; the server says which.
python3 -u -m http.server --bind 127.0.0.1 --directory "$releases" 0 >"$work/server" 2>&1 &
server=$!
for _ in {1..300}; do
	port=$(sed -n 's/^Serving HTTP on .* port \([0-9]*\) .*/\1/p' "$work/server")
	[ -z "$port" ] || break
	sleep 0.1
done
[ -n "$port" ] || { echo "not ok 2 - a server on the loopback"; exit 1; }

# The tree as one who packages it has it.
watch=$work/watch
sed -n 's/^    //p' packaging/debian/README.source | sed "s@https://[^ /]*/@http://127.0.0.1:$port/@" >"$watch"
as_source() { # TREE FOLDER
	mkdir -p "$2" && git -C "$1" archive HEAD | tar -C "$2" -xf - && cp -R "$2/packaging/debian" "$2/debian" && cp "$watch" "$2/debian/watch"
}
scan() { # FOLDER WORDS...
	(cd "$1" && shift && env HOME="$work" uscan --no-conf --verbose "$@")
}
older=$work/one/pam-nitro-$version
ok "the watch file names the server" grep -c "^http://127.0.0.1:$port/" "$watch"
ok "a tree of this release" as_source "$work/tree" "$older"
ok "uscan finds the newer release" scan "$older" --download
downloaded() {
	sha256sum <"$releases/pam_nitro-$next.tar.xz" | diff - <(sha256sum <"$work/one/$source.orig.tar.xz")
}
ok "and names it $source.orig.tar.xz" downloaded

newest=$work/two/pam-nitro-$next
no_newer() { ! scan "$newest" --safe >"$work/scan" 2>&1 && grep 'Package is up to date' "$work/scan"; }
ok "a tree of the next release" as_source "$work/next" "$newest"
ok "has no newer one" no_newer

# Unpacked beside it, with packaging/debian as debian: the source package.
of_release() {
	rm -r "$newest" && mkdir "$newest" && cp "$work/one/$source.orig.tar.xz" "$work/two/" &&
	    tar -C "$newest" --strip-components=1 -xf "$work/two/$source.orig.tar.xz" && cp -R "$newest/packaging/debian" "$newest/debian" &&
	    (cd "$work/two" && dpkg-source -b "pam-nitro-$next")
}
unpacked() {
	(cd "$work/two" && dpkg-source --no-check -x "$source-1.dsc" out) && diff -r -x .pc "$newest" "$work/two/out" &&
	    grep -q "^ $(sha256sum <"$releases/pam_nitro-$next.tar.xz" | cut -d ' ' -f 1) [0-9]* $source.orig.tar.xz$" "$work/two/$source-1.dsc"
}
# -S: the source package alone.
by_build_deb() {
	DPKG_BUILDPACKAGE="-us -uc -S -d" DEB_BUILD_OPTIONS=nocheck "$work/next/packaging/build-deb" "$work/three" "$work/one/$source.orig.tar.xz" &&
	    cmp "$work/one/$source.orig.tar.xz" "$work/three/$source.orig.tar.xz" &&
	    diff <(tar -tf "$work/two/$source-1.debian.tar.xz" | sort) <(tar -tf "$work/three/$source-1.debian.tar.xz" | sort)
}
ok "dpkg-source makes a source package of it" of_release
ok "with that tarball, and all that was packed" unpacked
ok "and packaging/build-deb makes the same" by_build_deb
finish
