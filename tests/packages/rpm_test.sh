#!/bin/bash
# The RPM packages, as far as Debian's rpm goes: built from the tarball into a
# folder, with the files, modes and flags that they must have. Macros and paths
# are those of this rpm; no Fedora is installed here.
# shellcheck disable=SC2317 # ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
need tests/packages/prepare rpm
need tests/packages/prepare selinux
unset MAKEFLAGS MAKELEVEL BUILD CC CFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH

mkdir "$work/SOURCES"
commit_tree "$work/tree"
ok "make dist" "$work/tree/packaging/dist" "$work/SOURCES"
# The libraries are Debian's here, so rpm knows none of them (--nodeps), and
# selinux-rpm-macros, which Fedora's selinux-policy-devel brings, are words.
build() {
	(cd "$work" && rpmbuild -bb --nodeps --without check --define "_topdir $work" \
	    --define "selinux_make_flags NAME=default" --define "selinux_relabel_pre(s:) true" \
	    --define "selinux_relabel_post(s:) true" --define "selinux_modules_install(s:) semodule -i" \
	    --define "selinux_modules_uninstall(s:) semodule -r" "$work/tree/packaging/rpm/pam_nitro.spec")
}
ok "rpmbuild -bb" build

version=$(sed -n 's/^## *\([0-9][0-9.]*\).*/\1/p' NEWS.md | head -n 1)
files() { # PACKAGE: mode, owner and name of all but documents
	rpm -qp --qf '[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\n]' "$work"/RPMS/*/"$1-$version"-*.rpm |
	    grep -vE ' (/usr/share/(doc|licenses)|/usr/lib/\.build-id)[^ ]*$' | sed 's/\.gz$//' # which not every rpm does by itself
}
the_files() { # PACKAGE LINE...
	package=$1
	shift
	printf '%s\n' "$@" | sort -k 3 | diff - <(files "$package" | sort -k 3)
}
root=root:root
ok "pam_nitro has module, conf and pages" the_files pam_nitro \
    "drwxr-xr-x $root /etc/pam_nitro" "-rw-r--r-- $root /etc/pam_nitro/aws-nitro-root.pem" \
    "-rw-r--r-- $root /etc/pam_nitro/measurements.conf" "-rw-r--r-- $root /etc/pam_nitro/pam_nitro.conf" \
    "-rw-r--r-- $root $(rpm --eval '%_libdir')/security/pam_nitro.so" \
    "-rw-r--r-- $root /usr/share/man/man5/pam_nitro.conf.5" \
    "-rw-r--r-- $root /usr/share/man/man5/pam_nitro_measurements.5" \
    "-rw-r--r-- $root /usr/share/man/man7/pam-nitro-provenance.7" \
    "-rw-r--r-- $root /usr/share/man/man7/pam_nitro-protocol.7" "-rw-r--r-- $root /usr/share/man/man8/pam_nitro.8"
ok "pam-nitro has the tool" the_files pam-nitro "-rwxr-xr-x $root /usr/bin/pam-nitro" \
    "-rw-r--r-- $root /usr/share/bash-completion/completions/pam-nitro" \
    "-rw-r--r-- $root /usr/share/man/man1/pam-nitro.1" "-rw-r--r-- $root /usr/share/zsh/site-functions/_pam-nitro"
ok "nitro-ssh has the client" the_files nitro-ssh "-rwxr-xr-x $root /usr/bin/nitro-ssh" \
    "-rw-r--r-- $root /usr/share/man/man1/nitro-ssh.1"
ok "pam_nitro-selinux has the policy module" the_files pam_nitro-selinux \
    "-rw-r--r-- $root /usr/share/selinux/devel/include/distributed/pam_nitro.if" \
    "-rw-r--r-- $root /usr/share/selinux/packages/targeted/pam_nitro.pp.bz2"
noreplace() {
	rpm -qp --qf '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' "$work"/RPMS/*/"pam_nitro-$version"-*.rpm | grep ' /etc/pam_nitro/' >"$work/flags"
	[ "$(grep -c '^cn ' "$work/flags")" -eq 3 ] && [ "$(wc -l <"$work/flags")" -eq 3 ]
}
ok "an upgrade keeps what is in /etc/pam_nitro" noreplace
no_scripts() {
	rpm -qp --scripts "$work"/RPMS/"$(uname -m)"/*.rpm >"$work/scripts" && [ ! -s "$work/scripts" ]
}
ok "no package but that of SELinux runs anything at its installation" no_scripts
only_semodule() {
	rpm -qp --scripts "$work"/RPMS/noarch/pam_nitro-selinux-*.rpm >"$work/scripts" && grep -q 'semodule -i' "$work/scripts" &&
	    ! grep -E 'sshd|pam\.d|systemctl' "$work/scripts"
}
ok "that one loads its module and nothing else" only_semodule
lint_clean() {
	rpmlint -c tests/packages/rpmlint.toml -r packaging/rpm/pam_nitro.rpmlintrc packaging/rpm/pam_nitro.spec \
	    "$work"/RPMS/*/*.rpm >"$work/rpmlint"
	cat "$work/rpmlint"
	grep -q '4 packages and 1 specfiles checked; 0 errors, 0 warnings' "$work/rpmlint"
}
ok "rpmlint: no error and no warning" lint_clean
finish
