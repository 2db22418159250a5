#!/bin/bash
# The completions of packaging/completion: bash's is asked as bash asks it, and
# both have the subcommands and options that pam-nitro --help tells.
# shellcheck disable=SC2317 # ok calls the functions
set -u

program=${BUILD:-build}/pam-nitro
scripts=packaging/completion
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
failed=0
# shellcheck disable=SC1091 # looked at by itself
. "$scripts/pam-nitro.bash"

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

# What bash would offer for the last word.
offered() { # WORD...
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=(left over)
	_pam_nitro
	printf '%s\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}" | sort
}

offers() { # "EXPECTED WORDS" WORD...
	want=$(tr ' ' '\n' <<<"$1" | sort)
	shift
	got=$(offered pam-nitro "$@")
	echo "offered: $got"
	[ "$got" = "$want" ]
}

subcommands() {
	"$program" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'
}

evidence_subcommands() {
	"$program" evidence --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

provenance_subcommands() {
	"$program" provenance --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

every_command() {
	subcommands | grep -vx -e evidence -e provenance
	evidence_subcommands | sed 's/^/evidence /'
	provenance_subcommands | sed 's/^/provenance /'
}

# The synopsis has every option; the text below may speak of other commands.
options_of() { # WORD...
	{ "$program" "$@" --help | sed '/^$/q'; echo --help; } |
	    grep -oE -e '--[a-z0-9-]+' | sort -u
}

there_are_commands() {
	[ "$(subcommands | wc -l)" -ge 14 ] && [ "$(evidence_subcommands | wc -l)" -eq 4 ] &&
	    [ "$(every_command | wc -l)" -ge 17 ]
}

bash_has_all_commands() {
	diff <({ subcommands; echo --help; echo --version; } | sort) <(offered pam-nitro "") || return 1
	diff <({ evidence_subcommands; echo --help; } | sort) <(offered pam-nitro evidence "") &&
	    diff <({ provenance_subcommands; echo --help; } | sort) <(offered pam-nitro provenance "")
}

bash_has_all_options() {
	every_command | while read -ra words; do
		diff <(options_of "${words[@]}") <(offered pam-nitro "${words[@]}" --) ||
		    { echo "${words[*]}"; exit 1; }
	done
}

zsh_has_all_commands() {
	diff <({ subcommands; evidence_subcommands; } | sort) \
	    <(sed -n "s/^  '\([a-z-]*\):.*/\1/p" "$scripts/_pam-nitro" | sort)
}

zsh_has_all_options() {
	every_command | while read -ra words; do
		sed -n "/^'*${words[*]}'*)\$/,/;;\$/p" "$scripts/_pam-nitro" |
		    sed -n "s/^    '\(--[a-z0-9-]*\)\[.*/\1/p" | sort >"$work/zsh"
		diff <(options_of "${words[@]}") "$work/zsh" || { echo "${words[*]}"; exit 1; }
	done
}

# An option with a value is one that takes the next word.
values_are_told_apart() {
	every_command | while read -ra words; do
		for option in $(options_of "${words[@]}"); do
			COMPREPLY=()
			_pam_nitro_value "$option" "" && knows=yes || knows=no
			"$program" "${words[@]}" "$option" 2>"$work/err" >"$work/out" </dev/null
			grep -q "option $option needs a value" "$work/err" && takes=yes || takes=no
			[ "$knows" = "$takes" ] || { echo "${words[*]} $option"; exit 1; }
			! grep -qE "^    '$option\[[^]]*\]'" "$scripts/_pam-nitro" || [ "$takes" = no ] ||
			    { echo "zsh: $option"; exit 1; }
		done
	done
}

mkdir -p "$work/in/folder"
touch "$work/in/image one.eif" "$work/in/other.json"

completes_files() {
	for words in measure import "import --from-document" allow inspect "verify --at document" \
	    "test --user root" trace "pcr certificate" "allow --file" "list --config" "explain --log" \
	    "check --sshd-config" "trace --image" "evidence verify --trust-anchors" \
	    "allow --reason= --json"; do
		read -ra words <<<"$words"
		got=$(offered pam-nitro "${words[@]}" "$work/in/")
		[ "$got" = "$(printf '%s\n' "$work/in/folder" "$work/in/image one.eif" "$work/in/other.json")" ] ||
		    { echo "${words[*]}: $got"; return 1; }
	done
}

completes_folders() {
	offers "$work/in/folder" evidence list --directory "$work/in/" &&
	    offers "$work/in/folder" check --pam-modules "$work/in/"
}

completes_users() {
	users=$(compgen -u | sort -u | tr '\n' ' ')
	[ -n "$users" ] && offers "${users% }" test --user "" &&
	    offers "root" verify --user roo && offers "root" authorized-keys roo &&
	    offers "root" authorized-keys --config /x roo && offers "" authorized-keys root roo
}

completes_values() {
	offers "now document" verify --at "" && offers "document" test --at d &&
	    offers "now document" verify --at = && offers "document" verify --at = d &&
	    offers "role instance certificate" pcr "" && offers "" pcr role "" &&
	    offers "role instance certificate" pcr --json ""
}

offers_no_file_for_a_text() ( # in a folder that has some
	cd "$work/in" || exit 1
	for words in "measure --workload" "revoke --reason" "check --from" \
	    "pcr instance" "evidence show" list revoke nonsense "inspect other.json"; do
		read -ra words <<<"$words"
		offers "" "${words[@]}" "" || { echo "${words[*]}"; exit 1; }
	done
)

is_registered() {
	[ "$(complete -p pam-nitro)" = "complete -F _pam_nitro pam-nitro" ]
}

zsh_reads_it() {
	zsh -n "$scripts/_pam-nitro"
}

ok "the commands are read out of --help" there_are_commands
ok "bash offers every subcommand" bash_has_all_commands
ok "bash offers every option of each, and no other" bash_has_all_options
ok "zsh offers every subcommand" zsh_has_all_commands
ok "zsh offers every option of each, and no other" zsh_has_all_options
ok "options with a value are told from those without" values_are_told_apart
ok "files, also with a blank in their name" completes_files
ok "folders where a folder is wanted" completes_folders
ok "user names" completes_users
ok "values of which there are few" completes_values
ok "nothing where only the user knows" offers_no_file_for_a_text
ok "bash knows whom to ask" is_registered
if command -v zsh >/dev/null; then
	ok "zsh can read its file" zsh_reads_it
else
	number=$((number + 1))
	echo "ok $number - zsh can read its file # SKIP no zsh here"
fi
echo "1..$number"
exit "$failed"
