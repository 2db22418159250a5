#include <stdio.h>

#include "admin/command.h"
#include "admin/json_text.h"
#include "admin/judge/cert_text.h"
#include "admin/judge/claims.h"
#include "admin/judge/document_file.h"
#include "admin/judge/judgement.h"
#include "admin/printable.h"
#include "base/hex.h"
#include "ssh/key_fingerprint.h"
#include "ssh/ssh_key.h"

enum { JSON = 1, LABEL_WIDTH = 13, HEX_PER_LINE = 32 };

static const struct option options[] = {
    {"json", no_argument, NULL, JSON},
    {0},
};

static void
label(const char *name)
{
	printf("%-*s", LABEL_WIDTH, name);
}

/* False where the bytes are no SSH public key, plain or certificate. */
static bool
ssh_fingerprint(
    struct nitro_bytes blob, char out[NITRO_KEY_FINGERPRINT_LEN + 1])
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0};

	return nitro_ssh_key_plain(blob, &plain) == NITRO_OK &&
	       nitro_ssh_key_fingerprint(nitro_bytes_of_buf(&plain), out) ==
		   NITRO_OK;
}

static void
print_ssh_key(struct nitro_bytes in)
{
	char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1], type[80];

	if (!ssh_fingerprint(in, fingerprint))
		return;
	nitro_printable(nitro_ssh_key_type(in), type, sizeof type);
	label("");
	printf("an SSH public key, %s %s\n", type, fingerprint);
}

static void
print_hex(struct nitro_bytes in)
{
	char hex[2 * HEX_PER_LINE + 1];
	struct nitro_bytes line;

	while (in.len > 0) {
		line = nitro_bytes_slice(in, 0, HEX_PER_LINE);
		in = nitro_bytes_slice(in, HEX_PER_LINE, in.len);
		nitro_hex_encode(line, hex, sizeof hex);
		label("");
		printf("%s\n", hex);
	}
}

static void
print_field(const char *name, struct nitro_bytes in)
{
	char text[NITRO_OPTIONAL_FIELD_MAX + 8];

	label(name);
	if (in.len == 0) {
		printf("none\n");
		return;
	}
	printf("%zu bytes\n", in.len);
	print_ssh_key(in);
	if (!nitro_is_printable(in)) {
		print_hex(in);
		return;
	}
	nitro_printable(in, text, sizeof text);
	label("");
	printf("\"%s\"\n", text);
}

static bool
is_zero_pcr(const struct nitro_document *doc, unsigned i)
{
	return i < NITRO_PCR_COUNT_MAX && (doc->pcr_mask >> i & 1) != 0 &&
	       nitro_bytes_is_zero(doc->pcr[i]);
}

/* A run of zero PCRs is one line. */
static void
print_pcrs(const struct nitro_document *doc)
{
	char hex[2 * NITRO_PCR_LEN + 1], name[24];
	unsigned last;

	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if ((doc->pcr_mask >> i & 1) == 0)
			continue;
		for (last = i;
		     is_zero_pcr(doc, last + 1) && is_zero_pcr(doc, i);)
			last++;
		(void)snprintf(name, sizeof name,
		    last > i ? "PCR%u-%u" : "PCR%u", i, last);
		nitro_hex_encode(doc->pcr[i], hex, sizeof hex);
		label(name);
		printf("%s\n", is_zero_pcr(doc, i) ? "zero" : hex);
		i = last;
	}
}

static const char *
kind_sentence(enum nitro_kind kind)
{
	switch (kind) {
	case NITRO_KIND_ENCLAVE:
		return "a Nitro Enclave";
	case NITRO_KIND_NITROTPM:
		return "an EC2 instance with NitroTPM";
	case NITRO_KIND_NONE:
		return "unknown";
	}
	return "unknown";
}

static void
print_debug(const struct nitro_document *doc)
{
	bool is_debug = nitro_claims_are_debug(doc);

	label("debug");
	nitro_print_word(is_debug ? NITRO_TONE_BAD : NITRO_TONE_PLAIN, 0,
	    is_debug ? "YES" : "no");
	if (!is_debug)
		printf("\n");
	else if (doc->kind == NITRO_KIND_NITROTPM)
		printf(": PCR0 is missing or zero; pam_nitro admits no such "
		       "document\n");
	else
		printf(": PCR0, PCR1 or PCR2 is missing or zero; pam_nitro "
		       "admits no such document\n");
}

static void
print_document(const struct nitro_claims *claims, int64_t now_ms)
{
	const struct nitro_document *doc = &claims->doc;
	char made[NITRO_MOMENT_TEXT_SIZE], age[NITRO_AGE_TEXT_SIZE];
	char module[4 * NITRO_MODULE_ID_MAX + 8];

	nitro_printable(doc->module_id, module, sizeof module);
	nitro_moment_text(doc->timestamp_ms, made);
	nitro_age_text(nitro_claims_age_ms(doc, now_ms), age);
	label("kind");
	printf(
	    "%s: %s\n", nitro_kind_name(doc->kind), kind_sentence(doc->kind));
	label("module");
	printf("%s\n", module);
	label("time");
	printf("%s, %s\n", made, age);
	print_debug(doc);
	printf("\n");
	print_pcrs(doc);
	printf("\n");
	print_field("nonce", doc->nonce);
	print_field("user_data", doc->user_data);
	print_field("public_key", doc->public_key);
	printf("\n");
	nitro_print_certs(doc);
	printf("\n");
}

static void
print_size(
    const struct nitro_document_file *file, const struct nitro_claims *claims)
{
	label("size");
	printf("%zu bytes%s", claims->evidence_len,
	    file->is_base64 ? ", from base64" : "");
	if (claims->has_cose)
		printf("; COSE_Sign1 %s, ES384, payload of %zu bytes, "
		       "signature of %zu",
		    claims->has_tag ? "with tag 18" : "without tag",
		    claims->cose.payload.len, claims->cose.signature.len);
	printf("\n");
}

static void
print_claims(const struct nitro_document_file *file,
    const struct nitro_claims *claims, int64_t now_ms)
{
	nitro_err err = file->err != NITRO_OK ? file->err : claims->err;

	if (claims->has_document)
		print_document(claims, now_ms);
	print_size(file, claims);
	printf("\n");
	if (err == NITRO_OK) {
		printf("Nothing of this was verified: it is what the document "
		       "says of itself.\n"
		       "To judge it: pam-nitro verify --at document FILE\n");
		return;
	}
	printf("This is no document that can be read to its end.\n");
	printf("reason       %s: %s\n", nitro_err_token(err),
	    nitro_err_sentence(err));
	printf("to do        %s\n", nitro_err_advice(err));
}

/* "x", "x_len", "x_text" and "x_ssh": hex, bytes, text if printable, fingerprint. */
static void
set_field(struct nitro_json *json, const char *name, struct nitro_bytes in)
{
	char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1], key[32];
	bool is_text = in.len > 0 && nitro_is_printable(in);

	nitro_json_set_hex(json, name, in);
	(void)snprintf(key, sizeof key, "%s_len", name);
	nitro_json_set_size(json, key, in.len);
	(void)snprintf(key, sizeof key, "%s_text", name);
	nitro_json_set(json, key,
	    is_text ? json_stringn((const char *)in.ptr, in.len) : json_null());
	(void)snprintf(key, sizeof key, "%s_ssh", name);
	nitro_json_set_text(
	    json, key, ssh_fingerprint(in, fingerprint) ? fingerprint : NULL);
}

static json_t *
cabundle_json(const struct nitro_document *doc)
{
	json_auto_t *array = json_array();

	for (size_t i = 0; i < doc->cabundle_count; i++)
		if (json_array_append_new(
			array, nitro_cert_json(doc->cabundle[i])) != 0)
			return NULL;
	return json_incref(array);
}

static void
set_document(struct nitro_json *json, const struct nitro_claims *claims)
{
	const struct nitro_document *doc = &claims->doc;

	set_field(json, "nonce", doc->nonce);
	set_field(json, "user_data", doc->user_data);
	set_field(json, "public_key", doc->public_key);
	nitro_json_set(json, "cabundle", cabundle_json(doc));
	nitro_json_set(json, "certificate",
	    claims->has_document ? nitro_cert_json(doc->certificate)
				 : json_null());
}

/*
 * The fields of verify --json are all there. Where the document can be read,
 * result, reason and stage are null: nobody judged it.
 */
static bool
print_json(const struct nitro_document_file *file,
    const struct nitro_claims *claims, int64_t now_ms)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	nitro_err err = file->err != NITRO_OK ? file->err : claims->err;
	bool is_ok = err == NITRO_OK;

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "result", is_ok ? NULL : "deny");
	nitro_json_set_text(
	    &json, "reason", is_ok ? NULL : nitro_err_token(err));
	nitro_json_set_text(&json, "stage",
	    is_ok ? NULL : nitro_stage_name(nitro_err_stage(err)));
	nitro_json_set_text(
	    &json, "sentence", is_ok ? NULL : nitro_err_sentence(err));
	nitro_json_set_text(
	    &json, "advice", is_ok ? NULL : nitro_err_advice(err));
	nitro_json_set_bool(&json, "verified", false);
	nitro_json_set_bool(&json, "is_base64", file->is_base64);
	nitro_json_set_claims(&json, claims, now_ms);
	nitro_json_set_bool(&json, "has_tag", claims->has_tag);
	nitro_json_set_text(
	    &json, "algorithm", claims->has_cose ? "ES384" : NULL);
	nitro_json_set_text(
	    &json, "digest", claims->has_document ? "SHA384" : NULL);
	nitro_json_set_size(&json, "payload_len", claims->cose.payload.len);
	nitro_json_set_hex(&json, "signature", claims->cose.signature);
	set_document(&json, claims);
	return nitro_json_print(&json);
}

static enum nitro_exit
inspect(const char *path, bool wants_json)
{
	NITRO_DROP(nitro_document_file_drop)
	struct nitro_document_file file = {0};
	struct nitro_claims claims;
	struct nitro_fault fault = {0};
	int64_t now_ms;

	if (nitro_document_file_read(path, &file, &fault) != NITRO_OK) {
		nitro_document_file_complain(&fault);
		return NITRO_EXIT_USAGE;
	}
	if ((fault.err = nitro_clock_ms(&now_ms)) != NITRO_OK) {
		nitro_complain_fault(&fault);
		return NITRO_EXIT_USAGE;
	}
	nitro_claims_read(nitro_bytes_of_buf(&file.evidence), &claims);
	fault.err = NITRO_E_MEMORY;
	if (!wants_json)
		print_claims(&file, &claims, now_ms);
	else if (!print_json(&file, &claims, now_ms)) {
		nitro_complain_fault(&fault);
		return NITRO_EXIT_USAGE;
	}
	return file.err == NITRO_OK && claims.err == NITRO_OK
		   ? NITRO_EXIT_YES
		   : NITRO_EXIT_REFUSED;
}

static enum nitro_exit
run(int argc, char **argv)
{
	bool wants_json = false;
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_inspect, argc,
		    argv, options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		wants_json = true;
	}
	operands = nitro_command_operands(
	    &nitro_command_inspect, argc, argv, 1);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	return inspect(operands[0], wants_json);
}

const struct nitro_command nitro_command_inspect = {
    .name = "inspect",
    .arguments = "[--json] FILE|-",
    .summary =
	"Show what an attestation document says of itself; verify nothing",
    .help = "FILE is a document as it is or in base64; - is standard input.\n\n"
	    "  --json  print one JSON object\n\n"
	    "Exit status: 0 shown, 1 this is no document, 2 usage.\n",
    .run = run,
};
