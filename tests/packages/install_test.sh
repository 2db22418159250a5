#!/bin/bash
# Install, upgrade, downgrade, remove and purge in a clean Debian: what the
# administrator wrote stays, and what he did not ask for does not change.
# shellcheck disable=SC2016,SC2154,SC2317 # quoted for the shell in the root; ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/packages/debian.sh disable=SC1091
. tests/packages/debian.sh
prepare_debian
next=$version+next1
next_version "$version" "$next" || exit 1
cp "$packages"/*.deb "$root/root/"

# All names of the root with mode, owner and content, but for what dpkg and the
# linker keep for themselves.
snapshot() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./root -o -path ./var/lib/dpkg -o -path ./var/log \
	    -o -path ./var/cache -o -path ./var/lib/apt \) -prune -o \
	    \( -type f -exec sha256sum {} + \) -o -printf '%p %M %U %G %l\n' | LC_ALL=C sort)
}
of_others() { # what no package of ours may touch
	(cd "$root/etc" && find pam.d ssh default init.d systemd cron* passwd group shadow -printf '%p %M %U %G %l\n' \
	    -type f -exec sha256sum {} + 2>&1 | LC_ALL=C sort)
}
etc=$root/etc/pam_nitro

# --- install -----------------------------------------------------------------

snapshot >"$work/before"
of_others >"$work/others"
others_untouched() { of_others | diff "$work/others" -; }
grep -q 'pam.d/sshd' "$work/others" && grep -q 'ssh/sshd_config' "$work/others" || exit 1

ok "install into a clean Debian" install_version "$version"
ok "neither /etc/pam.d nor sshd's configuration changes" others_untouched
conf_modes() {
	[ "$(cd "$etc" && stat -c '%n %a %U %G' -- * | sort)" = "$(printf '%s 644 root root\n' \
	    aws-nitro-root.pem measurements.conf pam_nitro.conf)" ] && [ "$(stat -c '%a %U' "$etc")" = "755 root" ]
}
ok "the files of /etc/pam_nitro are root's, 0644" conf_modes
no_libraries_missing() {
	inside sh -c 'ldd /usr/lib/*/security/pam_nitro.so /usr/bin/pam-nitro' >"$work/ldd" &&
	    grep -q libcbor "$work/ldd" && ! grep 'not found' "$work/ldd"
}
ok "nothing that they link to is missing" no_libraries_missing
ok "pam-nitro runs there" inside pam-nitro --help
ok "nitro-ssh runs there" inside nitro-ssh --help
sshd_content() { inside sh -c 'made=$(mkdir /run/sshd 2>/dev/null && echo /run/sshd); ssh-keygen -A >/dev/null && sshd -t; s=$?; rmdir $made 2>/dev/null; rm -f /etc/ssh/ssh_host_*; exit $s'; }
as_readme() { # the files that README.Debian copies are there and sshd takes them
	mkdir -p "$work/keep" && cp -a "$root/etc/ssh" "$root/etc/pam.d" "$work/keep/"
	inside sh -c 'cd /usr/share/doc/libpam-nitro/examples &&
	    cp pam.d-sshd-nitro /etc/pam.d/sshd-nitro &&
	    cp sshd_config.d-nitro.conf /etc/ssh/sshd_config.d/10-nitro.conf &&
	    sed -i "1i @include sshd-nitro" /etc/pam.d/sshd' && sshd_content
	status=$?
	rm -rf "$root/etc/ssh" "$root/etc/pam.d"
	cp -a "$work/keep/ssh" "$work/keep/pam.d" "$root/etc/"
	return "$status"
}
ok "the steps of README.Debian make a configuration that sshd takes" as_readme

# --- the administrator at work -----------------------------------------------

digits() { printf "$1%.0s" {1..48}; }
printf '{"Measurements": {"HashAlgorithm": "Sha384 { ... }", "PCR0": "%s", "PCR1": "%s", "PCR2": "%s"}}\n' \
    "$(digits 5c)" "$(digits 6d)" "$(digits 7e)" >"$root/root/build.json"
echo 'users = ( { user = "root"; workloads = ["billing"]; } );' >>"$etc/pam_nitro.conf"
administered() {
	inside sh -c 'cd /root && pam-nitro import --workload billing --version 1 build.json >billing.txt &&
	    pam-nitro allow billing.txt' && [ -e "$etc/measurements.conf.bak" ] &&
	    grep -q "pcr0 *= *\"$(digits 5c)\"" "$etc/measurements.conf"
}
ok "pam-nitro allow writes measurements.conf" administered
mkdir -p "$root/var/lib/pam_nitro/evidence/2026-01-02"
echo record >"$root/var/lib/pam_nitro/evidence/2026-01-02/record"
cp -a "$etc" "$work/administered"

# --- upgrade, downgrade ------------------------------------------------------

ok "upgrade" install_version "$next"
kept() { cmp "$work/administered/$1" "$etc/$1"; }
ok "measurements.conf is the administrator's" kept measurements.conf
ok "so is pam_nitro.conf, which the new version changed" kept pam_nitro.conf
offered() { grep -q "new in $next" "$etc/pam_nitro.conf.dpkg-dist"; }
ok "the new one is beside it" offered
renewed() { grep -q "new in $next" "$etc/aws-nitro-root.pem"; }
ok "a file that nobody changed is the new one" renewed
ok "the upgrade touches nobody else's files" others_untouched
ok "downgrade" install_version "$version"
ok "measurements.conf survives that, too" kept measurements.conf
ok "and pam_nitro.conf" kept pam_nitro.conf

# --- remove, purge -----------------------------------------------------------

removed() {
	inside dpkg -r libpam-nitro pam-nitro nitro-ssh && [ ! -e "$root/usr/bin/pam-nitro" ] &&
	    [ ! -e "$root/usr/bin/nitro-ssh" ] && ! ls "$root"/usr/lib/*/security/pam_nitro.so
}
ok "remove" removed
ok "what the administrator wrote is still there" kept measurements.conf
ok "install again" install_version "$version"
ok "with what he wrote" kept measurements.conf
ok "purge" inside dpkg -P libpam-nitro pam-nitro nitro-ssh
nothing_left() {
	# As it was, once what he made himself is gone.
	[ -e "$root/var/lib/pam_nitro/evidence/2026-01-02/record" ] || return 1
	snapshot | grep -v '\./var/lib/pam_nitro[ /]*' | diff "$work/before" -
}
ok "leaves nothing but the evidence" nothing_left
finish
