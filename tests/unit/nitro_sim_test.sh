#!/bin/sh
# The program nitro-sim: its options, its errors, and that openssl(1) agrees
# with what it makes.
# shellcheck disable=SC2317 # ok calls the functions
set -u

sim=${BUILD:-build}/nitro-sim
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
failed=0

ok() { # NAME COMMAND...: true
	name=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/said" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' "$work/said"
		failed=1
	fi
}

# Nothing on standard output, one line on standard error with these words.
refuses() { # STATUS WORDS ARGUMENT...
	want=$1 words=$2
	shift 2
	"$sim" "$@" >"$work/out" 2>"$work/err"
	status=$?
	cat "$work/err"
	[ "$status" -eq "$want" ] && [ ! -s "$work/out" ] &&
	    [ "$(wc -l <"$work/err")" -eq 1 ] && grep -qF -e "$words" "$work/err"
}

attest() { # FILE ARGUMENT...
	file=$1
	shift
	"$sim" attest --pki "$work/pki" "$@" >"$work/$file"
}

has_hex() { # FILE HEX: the file holds these bytes
	od -An -v -tx1 "$work/$1" | tr -d ' \n' | grep -q "$2"
}

lacks_hex() { # FILE HEX
	! has_hex "$1" "$2"
}

repeat() { # HEX COUNT
	i=0
	while [ $i -lt "$2" ]; do
		printf '%s' "$1"
		i=$((i + 1))
	done
}

mode_is() { # MODE FILE
	[ "$(stat -c %a "$work/pki/$2")" = "$1" ]
}

made_root() {
	"$sim" init "$work/pki" && mode_is 600 root.key && mode_is 644 root.pem &&
	    openssl verify -x509_strict -CAfile "$work/pki/root.pem" "$work/pki/root.pem"
}

same_key() {
	[ "$(openssl pkey -in "$work/pki/root.key" -pubout)" = \
	    "$(openssl x509 -in "$work/pki/root.pem" -noout -pubkey)" ]
}

# h'...' of at most 23 bytes is its length and itself; nonce is the last key.
carries_the_files() {
	printf 'abc' >"$work/nonce"
	printf 'de' >"$work/user_data"
	: >"$work/public_key"
	attest fields --nonce "$work/nonce" --user-data "$work/user_data" \
	    --public-key "$work/public_key" &&
	    has_hex fields "6a7075626c69635f6b657940""69757365725f64617461426465""656e6f6e636543616263ff"
}

null_without_files() {
	attest plain &&
	    has_hex plain "6a7075626c69635f6b6579f6""69757365725f64617461f6""656e6f6e6365f6ff"
}

takes_1024_bytes_not_1025() {
	head -c 1024 /dev/zero >"$work/nonce" && attest long --nonce "$work/nonce" &&
	    head -c 1025 /dev/zero >"$work/nonce" &&
	    refuses 1 "longer than 1024 bytes" attest --pki "$work/pki" --nonce "$work/nonce"
}

# pcrs: map of 16, index 0, 48 bytes.
has_default_pcrs() {
	has_hex plain "6470637273b0""005830$(repeat a0 48)""015830$(repeat a1 48)""025830$(repeat a2 48)""035830$(repeat 00 48)""045830"
}

has_debug_pcrs() {
	attest debug --debug &&
	    has_hex debug "6470637273b0""005830$(repeat 00 48)""015830$(repeat 00 48)""025830$(repeat 00 48)""035830$(repeat a3 48)"
}

sets_pcrs() {
	attest pcr --pcr "0=$(repeat 5A 48)" --pcr "16=$(repeat c3 48)" &&
	    has_hex pcr "6470637273b1""005830$(repeat 5a 48)" &&
	    has_hex pcr "105830$(repeat c3 48)6b6365"
}

counts_pcrs() {
	attest count --pcr-count 17 && has_hex count 6470637273b1 &&
	    attest count --pcr-count 24 && has_hex count 6470637273b818 &&
	    attest count --pcr-count 32 && has_hex count 6470637273b820
}

is_nitrotpm() {
	attest tpm --kind nitrotpm &&
	    has_hex tpm "6d6e6974726f74706d5f70637273b818""005830$(repeat b0 48)" &&
	    has_hex tpm "115830$(repeat ff 48)" && lacks_hex tpm 6470637273
}

is_definite() {
	attest definite --definite && has_hex definite 'a9696d6f64756c655f6964' &&
	    has_hex plain 'bf696d6f64756c655f6964'
}

names_the_module() {
	attest named --module-id i-00000000000000001-enc0000000000000002 &&
	    grep -qaF 'i-00000000000000001-enc0000000000000002' "$work/named" &&
	    grep -qaF 'i-00000000000000001.us-east-1.aws.nitro-enclaves' "$work/named"
}

# The eight bytes behind "timestamp", in seconds.
made_at() {
	ms=$(od -An -v -tx1 "$work/$1" | tr -d ' \n' |
	    sed -n 's/.*6974696d657374616d701b\(.\{16\}\).*/\1/p')
	echo $((0x$ms / 1000))
}

is_as_old() { # SECONDS
	attest aged --age "$1" || return 1
	age=$(($(date +%s) - $(made_at aged)))
	echo "age is $age"
	[ "$age" -ge "$1" ] && [ "$age" -le $(($1 + 5)) ]
}

every_defect_can_be_had() {
	"$sim" defects >"$work/defects" || return 1
	[ "$(wc -l <"$work/defects")" -ge 24 ] || return 1
	while read -r defect rest; do
		echo "$defect $rest"
		attest defect --defect "$defect" || return 1
		[ -s "$work/defect" ] || return 1
	done <"$work/defects"
}

lists_the_wanted_defects() {
	for defect in forged-root self-signed-leaf expired-leaf leaf-is-ca \
	    wrong-signature payload-bit alg-es256 unprotected-alg trailing-byte \
	    tag18 tag17 no-nonce wrong-nonce wrong-user-data wrong-public-key \
	    both-kinds duplicate-key pcr-47-bytes shuffled-bundle root-missing \
	    unknown-key timestamp-seconds not-shortest deep; do
		echo "$defect"
		grep -q "^$defect " "$work/defects" || return 1
	done
}

two_at_once_differ() {
	attest one &
	first=$!
	attest two && wait "$first" && [ -s "$work/one" ] && [ -s "$work/two" ] &&
	    ! cmp -s "$work/one" "$work/two"
}

fails_on_a_full_device() {
	! "$sim" attest --pki "$work/pki" >/dev/full
}

helps() {
	"$sim" --help | grep -q '^usage: nitro-sim init FOLDER' &&
	    "$sim" attest --help | grep -q -- '--pcr N=HEX'
}

# A line for a line, with the bytes that were asked for, and null for "-".
serves() {
	printf 'aabbccddeeff0102 - 05%s\n- 0203 -\n' "$(repeat 77 20)" |
	    "$sim" serve --pki "$work/pki" >"$work/served" || return 1
	[ "$(wc -l <"$work/served")" -eq 2 ] || return 1
	sed -n 1p "$work/served" | base64 -d | od -An -v -tx1 | tr -d ' \n' >"$work/first"
	sed -n 2p "$work/served" | base64 -d | od -An -v -tx1 | tr -d ' \n' >"$work/second"
	grep -q '6e6f6e636548aabbccddeeff0102' "$work/first" &&
	    grep -q '757365725f64617461420203' "$work/second" &&
	    grep -q '6e6f6e6365f6' "$work/second"
}

serves_no_nonsense() {
	! echo "aabb zz -" | "$sim" serve --pki "$work/pki" >"$work/served" 2>&1 &&
	    ! echo "aabb" | "$sim" serve --pki "$work/pki" >"$work/served" 2>&1
}

if [ ! -x "$sim" ]; then
	echo "1..1"
	echo "not ok 1 - $sim is built"
	exit 1
fi

ok "init makes a key and a self-signed root" made_root
ok "root.key is the key of root.pem" same_key
ok "init does not replace a PKI" refuses 1 "root.key already" init "$work/pki"
ok "null for what is not given" null_without_files
ok "nonce, user_data and public_key come from files" carries_the_files
ok "a field takes 1024 bytes and not one more" takes_1024_bytes_not_1025
ok "the PCRs are those that --help names" has_default_pcrs
ok "debug mode has zero PCRs" has_debug_pcrs
ok "--pcr sets a PCR, and makes room for it" sets_pcrs
ok "--pcr-count writes that many" counts_pcrs
ok "--kind nitrotpm has nitrotpm_pcrs alone" is_nitrotpm
ok "--definite opens the map with a9, else bf" is_definite
ok "--module-id names document and certificates" names_the_module
ok "--age 0 is now" is_as_old 0
ok "--age 3600 is an hour ago" is_as_old 3600
ok "--age -30 is ahead of the clock" is_as_old -30
ok "every defect can be had" every_defect_can_be_had
ok "the defects that others name are there" lists_the_wanted_defects
ok "two at once do not meet" two_at_once_differ
ok "a full device is a failure" fails_on_a_full_device
ok "serve answers each line" serves
ok "serve refuses what is not three fields" serves_no_nonsense
ok "--help helps" helps
ok "without a command" refuses 2 "init, attest, serve or defects"
ok "unknown command" refuses 2 "frobnicate" frobnicate
ok "without --pki" refuses 2 "--pki FOLDER is missing" attest
ok "--pki without root" refuses 1 "nitro-sim init makes it" attest --pki "$work"
ok "unknown option" refuses 2 "frobnicate" attest --pki "$work/pki" --frobnicate
ok "argument too many" refuses 2 "surplus" attest --pki "$work/pki" surplus
ok "unknown kind" refuses 2 "--kind" attest --pki "$work/pki" --kind sandbox
ok "unknown defect" refuses 2 "no such defect" attest --pki "$work/pki" --defect x
ok "PCR index 32" refuses 2 "N from 0 to 31" attest --pki "$work/pki" --pcr "32=$(repeat 00 48)"
ok "PCR of 95 digits" refuses 2 "96 hex digits" attest --pki "$work/pki" --pcr "0=0$(repeat 00 47)"
ok "33 PCRs" refuses 2 "not 1 to 32" attest --pki "$work/pki" --pcr-count 33
ok "a PCR that --pcr-count leaves out" refuses 2 "leaves out" \
    attest --pki "$work/pki" --pcr-count 16 --pcr "16=$(repeat 11 48)"
ok "age is no number" refuses 2 "--age" attest --pki "$work/pki" --age 1h
ok "no such file" refuses 1 "$work/absent" attest --pki "$work/pki" --nonce "$work/absent"
ok "module-id of nothing" refuses 2 "1 to 256" attest --pki "$work/pki" --module-id ""
echo "1..$number"
exit $failed
