# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # work is of who reads this, and so is what is set here
# The packages and a clean Debian to install them in, for tests that read this
# by `.` after tap.sh.
#
# SUITE     which Debian (this host's)
# PACKAGES  a folder with packages built there and nitro-sim; else they are
#           built here, on this host
suite=${SUITE:-$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)}
unset MAKEFLAGS MAKELEVEL

# Sets root, version and packages.
prepare_debian() {
	need tests/packages/prepare deb
	need tests/packages/root "$suite" clean
	root=$work/root
	mkdir "$root"
	tar -C "$root" --numeric-owner -xf "$(tests/packages/root "$suite" clean)" || exit 1
	version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
	packages=$work/packages
	mkdir "$packages"
	if [ -n "${PACKAGES:-}" ]; then
		cp "$PACKAGES"/*.deb "$packages/"
	elif ! DEB_BUILD_OPTIONS="nocheck noautodbgsym" packaging/build-deb "$packages" >"$work/said" 2>&1; then
		sed 's/^/# /' "$work/said"
		echo "not ok 1 - packages are built"
		exit 1
	fi
	if [ ! -e "$root/usr/sbin/policy-rc.d" ]; then # that a snapshot has it from the beginning
		inside true || exit 1
	fi
}

inside() { tests/packages/inside "$root" "$@"; }

# The next version: new text in two conffiles, as dpkg sees it.
next_version() { # FROM-VERSION TO-VERSION
	local package file
	for package in "$packages"/*_"$1"_*.deb; do
		rm -rf "$work/next"
		dpkg-deb -R "$package" "$work/next" || return 1
		sed -i "s/^Version: .*/Version: $2/; s/(= $1)/(= $2)/" "$work/next/DEBIAN/control"
		for file in pam_nitro.conf aws-nitro-root.pem; do
			[ ! -e "$work/next/etc/pam_nitro/$file" ] ||
			    echo "# new in $2" >>"$work/next/etc/pam_nitro/$file"
		done
		dpkg-deb --root-owner-group -b "$work/next" "${package//_"$1"_/_"$2"_}" >/dev/null || return 1
	done
}

version_is() { [ "$(inside dpkg-query -W -f '${Version} ${Status}' libpam-nitro)" = "$1 install ok installed" ]; }
install_version() { inside sh -c "dpkg --force-confdef --force-confold -i /root/*_$1_*.deb" && version_is "$1"; }
