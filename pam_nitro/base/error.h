/*
 * Every outcome there is, in one list.
 *
 * NITRO_ERR_LIST(X) calls X(name, CLASS, STAGE, token, sentence, advice):
 *   token     stable word for the log, for --json and for the manual page
 *   sentence  what happened, for the administrator
 *   advice    what the administrator should look at or do
 * The client never sees any of it.
 *
 * The manual page pam_nitro(8) lists the tokens; `make lint` compares.
 */
#ifndef NITRO_BASE_ERROR_H
#define NITRO_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* What kind of trouble; the module maps a class to one PAM code. */
enum nitro_class {
	NITRO_CLASS_OK,
	NITRO_CLASS_EVIDENCE,     /* the client's answer is not good evidence */
	NITRO_CLASS_POLICY,       /* good evidence, but not allowed */
	NITRO_CLASS_CONVERSATION, /* no answer that could be judged */
	NITRO_CLASS_CONFIGURATION, /* the administrator's files */
	NITRO_CLASS_SYSTEM         /* memory, clock, randomness, libraries */
};

/* The steps of a login in their order (PROTOCOL, "Server: verdict"). */
enum nitro_stage {
	NITRO_STAGE_SETTINGS,  /* files and the host */
	NITRO_STAGE_CHALLENGE, /* nonce, key of this connection, prompts */
	NITRO_STAGE_ANSWER,    /* framing, base64, size */
	NITRO_STAGE_COSE,      /* COSE_Sign1 shape */
	NITRO_STAGE_DOCUMENT,  /* fields and their limits */
	NITRO_STAGE_BINDING,   /* nonce, audience, key */
	NITRO_STAGE_AGE,       /* timestamp against the clock */
	NITRO_STAGE_CHAIN,     /* X.509 path to a trust anchor */
	NITRO_STAGE_SIGNATURE, /* ES384 */
	NITRO_STAGE_POLICY,    /* user, revocation, PCRs */
	NITRO_STAGE_ACCOUNT,   /* PAM account stage */
	NITRO_STAGE_DONE
};

#define NITRO_ERR_LIST(X) \
	X(NITRO_OK, OK, DONE, "ok", "verified", "nothing to do") \
	/* the administrator's files */ \
	X(NITRO_E_MODULE_ARGUMENT, CONFIGURATION, SETTINGS, "module_argument", \
	    "the PAM line gives the module an argument that it does not take", \
	    "the only argument is config=/absolute/path, once") \
	X(NITRO_E_FILE_MISSING, CONFIGURATION, SETTINGS, "file_missing", \
	    "a configuration file cannot be opened", \
	    "create the named file, or correct the path that names it") \
	X(NITRO_E_FILE_UNSAFE, CONFIGURATION, SETTINGS, "file_unsafe", \
	    "a configuration file could be changed by somebody but root", \
	    "chown root and chmod go-w the named file and every folder above " \
	    "it; no symbolic link") \
	X(NITRO_E_FILE_READ, CONFIGURATION, SETTINGS, "file_read", \
	    "a configuration file cannot be read whole", \
	    "look at the errno in the log line; files over 16 MiB are not " \
	    "read") \
	X(NITRO_E_SETTINGS, CONFIGURATION, SETTINGS, "settings_invalid", \
	    "the settings file has an error", \
	    "correct the named line of pam_nitro.conf(5)") \
	X(NITRO_E_MEASUREMENTS, CONFIGURATION, SETTINGS, \
	    "measurements_invalid", "the measurements file has an error", \
	    "correct the named line, see pam_nitro_measurements(5)") \
	X(NITRO_E_TRUST_ANCHORS, CONFIGURATION, SETTINGS, \
	    "trust_anchors_invalid", \
	    "the file of trust anchors is not 1 to 8 self-signed P-384 roots " \
	    "in PEM", \
	    "restore aws-nitro-root.pem as it was shipped") \
	X(NITRO_E_SERVER_NAME, CONFIGURATION, SETTINGS, "server_name_invalid", \
	    "this host's name does not fit the challenge", \
	    "set server_name in pam_nitro.conf(5)") \
	X(NITRO_E_ACCOUNT_LOOKUP, SYSTEM, SETTINGS, "account_lookup_failed", \
	    "the groups of the user cannot be looked up", \
	    "look at the name service (nsswitch.conf) of this host") \
	/* before the answer */ \
	X(NITRO_E_USER_NAME, CONVERSATION, CHALLENGE, "user_name_invalid", \
	    "the user name is missing or too long for a challenge", \
	    "nothing; such a name is no account here") \
	X(NITRO_E_NO_PUBLICKEY, CONVERSATION, CHALLENGE, "publickey_missing", \
	    "no SSH key was proved on this connection before the challenge", \
	    "set AuthenticationMethods publickey,keyboard-interactive:pam " \
	    "for this user in sshd_config(5)") \
	X(NITRO_E_AUTH_INFO, CONVERSATION, CHALLENGE, "auth_info_invalid", \
	    "SSH_AUTH_INFO_0 does not name exactly one public key", \
	    "require exactly one publickey in AuthenticationMethods; let " \
	    "nothing before pam_nitro set this variable") \
	X(NITRO_E_RANDOM, SYSTEM, CHALLENGE, "random_failed", \
	    "the system gave no random bytes for a challenge", \
	    "look at getrandom(2) on this host") \
	X(NITRO_E_CONVERSATION, CONVERSATION, CHALLENGE, \
	    "conversation_failed", \
	    "the client left, or the application cannot ask questions", \
	    "KbdInteractiveAuthentication must be on and the client must use " \
	    "keyboard-interactive") \
	X(NITRO_E_CONVERSATION_BROKEN, SYSTEM, CHALLENGE, \
	    "conversation_broken", \
	    "the application's conversation function broke its contract", \
	    "report it to the maker of the application") \
	/* the answer */ \
	X(NITRO_E_NO_ANSWER, CONVERSATION, ANSWER, "no_answer", \
	    "the client answered nothing", \
	    "the client must answer with nitro-ssh(1); a person cannot log " \
	    "in here") \
	/* EVIDENCE: ends the dialogue, as a valid user's bad document does */ \
	X(NITRO_E_MASKED, EVIDENCE, ANSWER, "user_masked_by_sshd", \
	    "sshd replaced the answer: the user is invalid here, or is root " \
	    "without PermitRootLogin yes", \
	    "create the account, give it a shell from /etc/shells, or choose " \
	    "another user than root") \
	X(NITRO_E_ANSWER_FRAMING, EVIDENCE, ANSWER, "answer_framing", \
	    "a part of the answer is not <k>/<n>/<len>:<slice> as asked", \
	    "the client must be nitro-ssh(1) or follow pam_nitro-protocol(7)") \
	X(NITRO_E_ANSWER_SIZE, EVIDENCE, ANSWER, "answer_too_long", \
	    "the answer is longer than any document", \
	    "documents have at most 16,384 bytes") \
	X(NITRO_E_ANSWER_LATE, EVIDENCE, ANSWER, "answer_too_late", \
	    "the answer was not complete within 60 seconds of the challenge", \
	    "look at the client's network and at how long its document " \
	    "source takes") \
	X(NITRO_E_BASE64, EVIDENCE, ANSWER, "base64_invalid", \
	    "the answer is not strict base64", \
	    "the client must be nitro-ssh(1) or follow pam_nitro-protocol(7)") \
	X(NITRO_E_EVIDENCE_SIZE, EVIDENCE, ANSWER, "document_size", \
	    "the document is empty or has more than 16,384 bytes", \
	    "look at the client's document source") \
	/* CBOR and COSE_Sign1 */ \
	X(NITRO_E_CBOR, EVIDENCE, COSE, "cbor_malformed", \
	    "the document is not well-formed CBOR, or ends too early", \
	    "look at the client's document source") \
	X(NITRO_E_CBOR_TYPE, EVIDENCE, COSE, "cbor_type", \
	    "a CBOR item has another type than its place demands", \
	    "look at the client's document source") \
	X(NITRO_E_CBOR_DEPTH, EVIDENCE, COSE, "cbor_too_deep", \
	    "CBOR is nested deeper than 8 levels", \
	    "nothing; this is no attestation document") \
	X(NITRO_E_CBOR_LIMIT, EVIDENCE, COSE, "cbor_too_many", \
	    "a CBOR collection has more elements than its limit", \
	    "nothing; this is no attestation document") \
	X(NITRO_E_CBOR_NOT_SHORTEST, EVIDENCE, COSE, "cbor_not_shortest", \
	    "a CBOR head is not in its shortest form", \
	    "look at the client's document source") \
	X(NITRO_E_CBOR_DUPLICATE, EVIDENCE, COSE, "cbor_duplicate_key", \
	    "a CBOR map has the same key twice", \
	    "nothing; this is no attestation document") \
	X(NITRO_E_CBOR_TRAILING, EVIDENCE, COSE, "cbor_trailing", \
	    "bytes follow the end of a CBOR item", \
	    "look at the client's document source") \
	X(NITRO_E_CBOR_UTF8, EVIDENCE, COSE, "cbor_utf8", \
	    "a CBOR text string is not UTF-8", \
	    "nothing; this is no attestation document") \
	X(NITRO_E_COSE_SHAPE, EVIDENCE, COSE, "cose_shape", \
	    "the document is not a COSE_Sign1 message", \
	    "look at the client's document source") \
	X(NITRO_E_COSE_ALG, EVIDENCE, COSE, "cose_algorithm", \
	    "the protected header is not exactly {1: -35} (ES384)", \
	    "an emulated NSM signs with nothing; only AWS hardware signs " \
	    "with ES384") \
	X(NITRO_E_COSE_UNPROTECTED, EVIDENCE, COSE, "cose_unprotected", \
	    "the unprotected header is not empty", \
	    "nothing; AWS leaves it empty") \
	X(NITRO_E_COSE_SIG_LEN, EVIDENCE, COSE, "cose_signature_length", \
	    "the signature has not exactly 96 bytes", \
	    "nothing; this document was not signed by AWS hardware") \
	/* document fields */ \
	X(NITRO_E_FIELD_MISSING, EVIDENCE, DOCUMENT, "field_missing", \
	    "the document lacks a field that it must have", \
	    "look at the client's document source") \
	X(NITRO_E_FIELD_TYPE, EVIDENCE, DOCUMENT, "field_type", \
	    "a field of the document has the wrong type", \
	    "look at the client's document source") \
	X(NITRO_E_FIELD_LIMIT, EVIDENCE, DOCUMENT, "field_limit", \
	    "a field of the document is outside its limits", \
	    "look at the client's document source") \
	X(NITRO_E_DIGEST, EVIDENCE, DOCUMENT, "digest_unknown", \
	    "the document's digest is not SHA384", "nothing; AWS uses SHA384") \
	X(NITRO_E_KIND, EVIDENCE, DOCUMENT, "kind_ambiguous", \
	    "the document has both pcrs and nitrotpm_pcrs", \
	    "nothing; AWS sends one of them") \
	X(NITRO_E_PCR_INDEX, EVIDENCE, DOCUMENT, "pcr_index", \
	    "a PCR index is above 31 or appears twice, or there are not 1 to " \
	    "32 PCRs", \
	    "nothing; this is no attestation document") \
	X(NITRO_E_PCR_LENGTH, EVIDENCE, DOCUMENT, "pcr_length", \
	    "a PCR has not exactly 48 bytes", "nothing; AWS uses SHA384") \
	X(NITRO_E_CABUNDLE, EVIDENCE, DOCUMENT, "cabundle_size", \
	    "the cabundle has not 2 to 8 certificates of 1 to 1,024 bytes", \
	    "nothing; AWS sends four") \
	/* bound to this login */ \
	X(NITRO_E_NONCE, EVIDENCE, BINDING, "nonce_mismatch", \
	    "the document was not made for this challenge", \
	    "a replayed or cached document; the client must ask its NSM for " \
	    "a new one at each login") \
	X(NITRO_E_AUDIENCE, EVIDENCE, BINDING, "audience_mismatch", \
	    "the document's user_data is not this login's audience", \
	    "the client must put the prompt up to user=<U> into user_data; " \
	    "else set audience = false") \
	X(NITRO_E_KEY, EVIDENCE, BINDING, "key_mismatch", \
	    "the document's public_key is not the SSH key that this " \
	    "connection proved", \
	    "a relayed document, or a client that attests another key than " \
	    "it logs in with") \
	/* age */ \
	X(NITRO_E_TOO_OLD, EVIDENCE, AGE, "document_too_old", \
	    "the document is older than max_age_s", \
	    "compare the clocks: age_ms in the log says by how much they " \
	    "differ") \
	X(NITRO_E_FROM_FUTURE, EVIDENCE, AGE, "document_from_future", \
	    "the document's timestamp is ahead of this host's clock", \
	    "set this host's clock; age_ms in the log says by how much they " \
	    "differ") \
	/* chain of trust */ \
	X(NITRO_E_ROOT, EVIDENCE, CHAIN, "root_not_trusted", \
	    "the first certificate of the cabundle is no configured trust " \
	    "anchor", \
	    "not AWS, or another AWS partition: compare trust_anchors in " \
	    "pam_nitro.conf(5)") \
	X(NITRO_E_CERT, EVIDENCE, CHAIN, "certificate_malformed", \
	    "a certificate cannot be parsed to its last byte", \
	    "nothing; this is no chain of AWS") \
	X(NITRO_E_CERT_ALG, EVIDENCE, CHAIN, "certificate_algorithm", \
	    "a certificate is not X.509 v3 with an uncompressed P-384 key " \
	    "and ecdsa-with-SHA384", \
	    "nothing; this is no chain of AWS") \
	X(NITRO_E_CERT_TIME, EVIDENCE, CHAIN, "certificate_time", \
	    "a certificate was not valid at the document's own time", \
	    "nothing; AWS hardware signs with valid certificates") \
	X(NITRO_E_CERT_CA, EVIDENCE, CHAIN, "certificate_authority", \
	    "a certificate of the cabundle may not issue the next one", \
	    "nothing; this is no chain of AWS") \
	X(NITRO_E_CERT_LEAF, EVIDENCE, CHAIN, "certificate_leaf", \
	    "the signing certificate is not an end entity with " \
	    "digitalSignature", \
	    "nothing; this is no chain of AWS") \
	X(NITRO_E_CERT_CHAIN, EVIDENCE, CHAIN, "chain_invalid", \
	    "the certificates do not form a chain to the trust anchor", \
	    "nothing; this is no chain of AWS") \
	/* signature */ \
	X(NITRO_E_COSE_SIG, EVIDENCE, SIGNATURE, "signature_invalid", \
	    "the COSE signature does not verify", \
	    "the document was altered, or signed by another key than its " \
	    "certificate's") \
	/* policy */ \
	X(NITRO_E_USER, POLICY, POLICY, "user_not_listed", \
	    "no rule of users lists this user", \
	    "add the user or one of its groups to users in pam_nitro.conf(5)") \
	X(NITRO_E_DEBUG, POLICY, POLICY, "debug_mode", \
	    "the enclave runs in debug mode: PCR0, PCR1 or PCR2 is missing " \
	    "or zero", \
	    "start the enclave without --debug-mode; there is no option to " \
	    "allow it") \
	X(NITRO_E_REVOKED, POLICY, POLICY, "revoked", \
	    "the measurement or the instance is revoked", \
	    "see the reason beside the entry in revoked, in the measurements " \
	    "file") \
	X(NITRO_E_KIND_NOT_ALLOWED, POLICY, POLICY, "kind_not_allowed", \
	    "no entry for this user's workloads is of the document's kind", \
	    "an enclave entry never matches a NitroTPM document, nor the " \
	    "reverse") \
	X(NITRO_E_PCR, POLICY, POLICY, "pcr_mismatch", \
	    "no entry for this user's workloads has these PCRs", \
	    "other code than allowed; nearest and differs in the log name " \
	    "the closest entry") \
	X(NITRO_E_PROVENANCE, POLICY, POLICY, "provenance_missing", \
	    "the entry that matches lacks the provenance that its workload " \
	    "requires", \
	    "import the build with its provenance, or correct " \
	    "require_provenance in pam_nitro.conf(5)") \
	X(NITRO_E_NOT_YET_VALID, POLICY, POLICY, "entry_not_yet_valid", \
	    "the entry that matches is not valid yet", \
	    "see not_before of the named entry in the measurements file") \
	X(NITRO_E_EXPIRED, POLICY, POLICY, "entry_expired", \
	    "the entry that matches has expired", \
	    "see not_after of the named entry in the measurements file") \
	X(NITRO_E_NOT_ATTESTED, POLICY, ACCOUNT, "not_attested", \
	    "this login was not attested: pam_nitro's auth stage did not " \
	    "admit this user", \
	    "set AuthenticationMethods publickey,keyboard-interactive:pam " \
	    "for this user in sshd_config(5)") \
	/* the host */ \
	X(NITRO_E_MEMORY, SYSTEM, DONE, "out_of_memory", "memory ran out", \
	    "look at the limits of sshd on this host") \
	X(NITRO_E_CLOCK, SYSTEM, AGE, "clock_failed", \
	    "the system clock cannot be read", \
	    "look at clock_gettime(2) on this host") \
	X(NITRO_E_CRYPTO, SYSTEM, CHAIN, "crypto_failed", \
	    "libcrypto failed where no input can make it fail", \
	    "look at memory and at the libcrypto of this host") \
	X(NITRO_E_PAM, SYSTEM, DONE, "pam_failed", "libpam failed", \
	    "look at memory and at the libpam of this host") \
	X(NITRO_E_EVIDENCE_NOT_KEPT, SYSTEM, DONE, "evidence_not_kept", \
	    "this login cannot be recorded in the evidence store, and the " \
	    "settings require it", \
	    "see why in the log line: free space, owner and mode of the " \
	    "directory of evidence in pam_nitro.conf(5)") \
	/* the sandbox in which documents are parsed and verified */ \
	X(NITRO_E_SANDBOX_FAILED, SYSTEM, DONE, "sandbox_failed", \
	    "the process that verifies documents cannot be started", \
	    "see the step and the errno in the log line: limits of sshd, or " \
	    "a policy that forbids it to start a process") \
	X(NITRO_E_SANDBOX_DIED, SYSTEM, DONE, "sandbox_died", \
	    "the process that verifies documents died without a verdict", \
	    "the log line says how; SIGSYS or SIGSEGV is a defect or an " \
	    "attack: report it") \
	X(NITRO_E_SANDBOX_LATE, SYSTEM, DONE, "sandbox_late", \
	    "the process that verifies documents gave no verdict in time", \
	    "look at the load of this host") \
	X(NITRO_E_SANDBOX_ANSWER, SYSTEM, DONE, "sandbox_answer", \
	    "the process that verifies documents gave a verdict that cannot " \
	    "be", \
	    "a defect or an attack: report it with this log line") \
	X(NITRO_E_INTERNAL, SYSTEM, DONE, "internal_error", \
	    "the module contradicts itself", \
	    "please report it with this log line")

#define NITRO_ERR_NAME(name, class, stage, token, sentence, advice) name,
typedef enum nitro_err {
	NITRO_ERR_LIST(NITRO_ERR_NAME) NITRO_ERR_COUNT
} nitro_err;
#undef NITRO_ERR_NAME

/* All of these take any value; one that is no outcome is NITRO_E_INTERNAL. */
enum nitro_class nitro_err_class(nitro_err err);
enum nitro_stage nitro_err_stage(nitro_err err);
const char *nitro_err_token(nitro_err err);
const char *nitro_err_sentence(nitro_err err);
const char *nitro_err_advice(nitro_err err);

/* The outcome of that token; false, and *err untouched, where there is none. */
bool nitro_err_find(const char *token, nitro_err *err);

/* "settings", "challenge", "answer", "cose", ... */
const char *nitro_stage_name(enum nitro_stage stage);

/* "configuration", "evidence", ... */
const char *nitro_class_name(enum nitro_class class);

/*
 * An outcome of reading the administrator's files, with what he needs to
 * mend it. file is "" where no file is concerned, line is 0 where none is.
 * All text is printable and cut to fit.
 */
struct nitro_fault {
	nitro_err err;
	unsigned line;
	char file[256];
	char text[256]; /* what is wrong, what was expected */
};

/* Fill a fault and return its err, so that a caller can return both in one line. */
__attribute__((format(printf, 5, 6))) nitro_err nitro_fault_set(
    struct nitro_fault *fault, nitro_err err, const char *file, unsigned line,
    const char *format, ...);

#endif
