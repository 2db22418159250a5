#!/bin/bash
# The SELinux policy module: compiled, and loaded into Debian's own policy in a
# store of its own; then that policy is asked what sshd's domain may do. No
# SELinux is on here, and this host's configuration stays as it is.
# shellcheck disable=SC2317 # ok calls the functions
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC1091 # looked at by itself
. tests/packages/tap.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
need tests/packages/prepare selinux

download() {
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download selinux-policy-default >said 2>&1) && return
	echo "cannot download selinux-policy-default"
	return 77
}
need download
dpkg -x "$work"/selinux-policy-default_*.deb "$work/debian" || exit 1

# As Fedora has it since OpenSSH 9.8, and Debian's policy has not.
mkdir "$work/module"
cp packaging/selinux/pam_nitro.* "$work/module/"
cat >"$work/module/session.te" <<'END'
policy_module(session, 1.0.0)
type sshd_session_t;
domain_type(sshd_session_t)
END
compile() { make -C "$work/module" -f /usr/share/selinux/devel/Makefile NAME=default pam_nitro.pp session.pp; }
ok "the module compiles" compile

store=$work/store
policy=none
mkdir -p "$store/etc/selinux" "$store/var/lib/selinux"
cp -R "$work/debian/etc/selinux/default" "$store/etc/selinux/"
cp /etc/selinux/semanage.conf "$store/etc/selinux/"
bunzip2 "$work"/debian/usr/share/selinux/default/*.pp.bz2
load() {
	local file words=()
	for file in "$work"/debian/usr/share/selinux/default/*.pp "$work"/module/{pam_nitro,session}.pp; do
		words+=(-i "$file")
	done
	semodule -p "$store" -s default -n "${words[@]}" && policy=$(echo "$store"/etc/selinux/default/policy/policy.*)
}
ok "it loads into Debian's policy" load

label_is() { # PATH TYPE
	[ "$(matchpathcon -n -f "$store/etc/selinux/default/contexts/files/file_contexts" "$1")" = "system_u:object_r:$2:s0" ]
}
ok "/etc/pam_nitro has its label" label_is /etc/pam_nitro pam_nitro_conf_t
ok "and so has what is in it" label_is /etc/pam_nitro/measurements.conf pam_nitro_conf_t
ok "the evidence folder has its own" label_is /var/lib/pam_nitro/evidence/record pam_nitro_evidence_t
ok "a neighbour has not" label_is /var/lib/pam_nitro_other var_lib_t

may() { # DOMAIN TYPE CLASS PERMISSION...
	local domain=$1 type=$2 class=$3 permission
	shift 3
	for permission; do
		sesearch -A -s "$domain" -t "$type" -c "$class" -p "$permission" "$policy" | grep "^allow" || return 1
	done
}
may_not() { # DOMAIN TYPE CLASS PERMISSION...: none of them
	local domain=$1 type=$2 class=$3 permission
	shift 3
	for permission; do
		sesearch -A -s "$domain" -t "$type" -c "$class" -p "$permission" "$policy" >"$work/rules" || return 1
		! grep "^allow" "$work/rules" || return 1
	done
}
for domain in sshd_t sshd_session_t; do
	ok "$domain reads the settings" may $domain pam_nitro_conf_t file getattr open read
	ok "$domain looks into their folder" may $domain pam_nitro_conf_t dir getattr open search
	ok "$domain does not write them" may_not $domain pam_nitro_conf_t file write append create unlink rename setattr
	ok "$domain keeps evidence" may $domain pam_nitro_evidence_t file create open write rename unlink
	ok "$domain confines its child" may $domain $domain process setcap setrlimit sigkill
	ok "$domain runs pam-nitro for AuthorizedKeysCommand" may $domain bin_t file execute execute_no_trans
done
makes_folder() {
	sesearch -T -s sshd_t -t var_lib_t -c dir "$policy" | grep -qx 'type_transition sshd_t var_lib_t:dir pam_nitro_evidence_t pam_nitro;'
}
ok "a folder that the module makes has its label" makes_folder
ok "a domain that is no sshd has nothing of it" may_not syslogd_t pam_nitro_evidence_t file read write
finish
