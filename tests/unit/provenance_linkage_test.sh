#!/bin/sh
# Nothing of admin/provenance is in the module or in nitro-ssh, which read what
# strangers send at a login: no function of it, and no JSON.
set -u
BUILD=${BUILD:-build}
n=0 failed=0
say() { # STATUS NAME
	n=$((n + 1))
	[ "$1" = 0 ] && { echo "ok $n - $2"; return; }
	echo "not ok $n - $2"
	failed=1
}

# The functions that the folder defines, by its own objects.
ours=$(nm --defined-only "$BUILD"/obj/pam_nitro/admin/provenance/*.o |
    awk '$2 == "T" { print $3 }' | sort -u)
[ "$(echo "$ours" | wc -l)" -gt 40 ]
say $? "admin/provenance has functions to look for"

for program in pam_nitro.so nitro-ssh; do
	found=$(nm "$BUILD/$program" | awk '{ print $NF }' | sort -u |
	    grep -Fx "$ours")
	[ -z "$found" ]
	say $? "$program has none of them"
	! readelf -d "$BUILD/$program" | grep NEEDED | grep -q -e jansson
	say $? "$program needs no libjansson"
done
found=$(nm "$BUILD/pam-nitro" | awk '{ print $NF }' | grep -Fxc nitro_provenance_verify)
[ "$found" = 1 ]
say $? "pam-nitro has them"
echo "1..$n"
exit $failed
