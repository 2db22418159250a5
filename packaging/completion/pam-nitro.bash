# Completion of pam-nitro(1) for bash 4 and later.
# tests/unit/completion_test.sh holds it against what each --help says.

_pam_nitro_options() { # COMMAND
	case $1 in
	measure)
		echo "--workload --version --source --builder --json --help" ;;
	import)
		echo "--workload --version --source --builder --enclave --from-document" \
			"--trust-anchors --provenance --trusted-root --identity --issuer" \
			"--source-repository --source-digest --source-repository-id" \
			"--predicate-type --provenance-key --namespace --allow-no-log" \
			"--oci-manifest --keep --digest --json --help" ;;
	"provenance verify")
		echo "--provenance --artifact --digest --trusted-root --identity --issuer" \
			"--source-repository --source-digest --source-repository-id" \
			"--predicate-type --provenance-key --namespace --allow-no-log" \
			"--json --help" ;;
	sync)
		echo "--trusted-root --provenance-key --namespace --allow-no-log --workload" \
			"--config --file --dry-run --json --help" ;;
	pcr | inspect)
		echo "--json --help" ;;
	allow)
		echo "--workload --version --source --builder --note --not-before" \
			"--not-after --config --file --dry-run --json --help" ;;
	list)
		echo "--config --json --help" ;;
	revoke)
		echo "--pcr0 --instance --reason --config --file --dry-run --json --help" ;;
	verify)
		echo "--at --nonce --trust-anchors --config --user --json --help" ;;
	check)
		echo "--config --json --host --sshd --sshd-config --pam-dir" \
			"--pam-service --pam-modules --from --help" ;;
	test)
		echo "--user --at --config --json --help" ;;
	trace)
		echo "--image --config --directory --trust-anchors --dot --json --help" ;;
	explain)
		echo "--log --config --directory --json --help" ;;
	"evidence list")
		echo "--config --directory --json --help" ;;
	"evidence show")
		echo "--config --directory --document --json --help" ;;
	"evidence verify")
		echo "--config --directory --trust-anchors --json --help" ;;
	"evidence prune")
		echo "--config --dry-run --json --help" ;;
	authorized-keys)
		echo "--config --options --verbose --help" ;;
	esac
}

# The value of an option, into COMPREPLY; false where it takes none.
_pam_nitro_value() { # OPTION WORD
	case $1 in
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
	--at)
		mapfile -t COMPREPLY < <(compgen -W "now document" -- "$2") ;;
	--config | --file | --image | --log | --trust-anchors | --sshd | --sshd-config | \
		--provenance | --trusted-root | --provenance-key | --artifact | --oci-manifest)
		_pam_nitro_files "$2" ;;
	--directory | --pam-dir | --pam-modules | --keep)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	--pam-service)
		mapfile -t COMPREPLY < <(cd /etc/pam.d 2>/dev/null && compgen -f -- "$2") ;;
	--workload | --version | --source | --builder | --note | --not-before | \
		--not-after | --enclave | --nonce | --pcr0 | --instance | --reason | \
		--from | --options | --identity | --issuer | --source-repository | \
		--source-digest | --source-repository-id | --predicate-type | --namespace | \
		--digest)
		;;
	*)
		return 1 ;;
	esac
}

_pam_nitro_files() { # WORD
	# Fails outside of a completion, as in a test.
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# What stands after the options; $3... are the operands that are there already.
_pam_nitro_operand() { # COMMAND WORD [OPERAND...]
	local command=$1 word=$2
	shift 2
	case $command,$# in
	measure,0 | import,0 | allow,0 | inspect,0 | verify,0 | test,0 | trace,0)
		_pam_nitro_files "$word" ;;
	sync,0)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	pcr,0)
		mapfile -t COMPREPLY < <(compgen -W "role instance certificate" -- "$word") ;;
	pcr,1)
		[[ $1 != certificate ]] || _pam_nitro_files "$word" ;;
	authorized-keys,0)
		mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	esac
}

_pam_nitro() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} i first=2
	local before=${COMP_WORDS[COMP_CWORD - 1]}
	local -a operands=()
	COMPREPLY=()

	# "--at=now" comes as three words.
	if [[ $word == = ]]; then
		word=
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "measure import provenance pcr allow
			sync list revoke inspect verify check test trace explain evidence
			authorized-keys --help --version" -- "$word")
		return
	fi
	if [[ $command == evidence || $command == provenance ]]; then
		if ((COMP_CWORD == 2)); then
			local parts="list show verify prune"
			[[ $command == evidence ]] || parts=verify
			mapfile -t COMPREPLY < <(compgen -W "$parts --help" -- "$word")
			return
		fi
		command="$command ${COMP_WORDS[2]}"
		first=3
	fi
	if ((COMP_CWORD > first)) && _pam_nitro_value "$before" "$word"; then
		return
	fi
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_pam_nitro_options "$command")" -- "$word")
		return
	fi
	for ((i = first; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-?*)
			# Its value is no operand.
			if [[ ${COMP_WORDS[i + 1]} == = ]]; then
				i=$((i + 2))
			elif _pam_nitro_value "${COMP_WORDS[i]}" ""; then
				i=$((i + 1))
			fi
			COMPREPLY=() ;;
		*)
			operands+=("${COMP_WORDS[i]}") ;;
		esac
	done
	_pam_nitro_operand "$command" "$word" "${operands[@]}"
}

complete -F _pam_nitro pam-nitro
