#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "admin/image/candidate_report.h"
#include "admin/input.h"
#include "base/hex.h"
#include "evidence/cert_facts.h"
#include "policy/aws_name.h"
#include "policy/secure_file.h"

#define CERTIFICATE_FILE_MAX 65536

enum { JSON = 1 };

static const struct option options[] = {
    {"json", no_argument, NULL, JSON},
    {0},
};

/* What of the operand a PCR is computed from. */
static nitro_err
read_role(const char *arn, struct nitro_buf *in, struct nitro_fault *fault)
{
	if (!nitro_is_iam_role(arn))
		return nitro_fault_set(fault, NITRO_E_SETTINGS, NULL, 0,
		    "%s is no ARN of a role like "
		    "arn:aws:iam::123456789012:role/billing",
		    arn);
	return nitro_buf_append_text(in, arn);
}

static nitro_err
read_instance(const char *id, struct nitro_buf *in, struct nitro_fault *fault)
{
	if (!nitro_is_instance_id(id))
		return nitro_fault_set(fault, NITRO_E_SETTINGS, NULL, 0,
		    "%s is no instance id like i-0123456789abcdef0", id);
	return nitro_buf_append_text(in, id);
}

static nitro_err
read_certificate(
    const char *path, struct nitro_buf *in, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0}, der = {0};
	uint8_t digest[NITRO_SHA384_LEN];
	nitro_err err;

	err = nitro_input_read(path, CERTIFICATE_FILE_MAX, &pem, fault);
	if (err != NITRO_OK)
		return err;
	err = pem.len > CERTIFICATE_FILE_MAX
		  ? NITRO_E_CERT
		  : nitro_cert_from_pem(nitro_bytes_of_buf(&pem), &der);
	if (err == NITRO_E_CERT)
		return nitro_fault_set(fault, err, path, 0,
		    "is not exactly one certificate in PEM; openssl x509 "
		    "makes PEM from DER");
	if (err != NITRO_OK)
		return err;
	if ((err = nitro_sha384(nitro_bytes_of_buf(&der), digest)) != NITRO_OK)
		return err;
	return nitro_buf_append(
	    in, (struct nitro_bytes){digest, sizeof digest});
}

struct source {
	const char *name;
	unsigned pcr;
	const char *key; /* in pam_nitro_measurements(5) */
	nitro_err (*read)(const char *operand, struct nitro_buf *in,
	    struct nitro_fault *fault);
};

static const struct source sources[] = {
    {"role", 3, "iam_role", read_role},
    {"instance", 4, "instance_id", read_instance},
    {"certificate", 8, "signing_certificate", read_certificate},
};

/* The module reads the certificate itself, by a path that is absolute. */
static bool
can_stand_in_entry(const struct source *source, const char *operand)
{
	if (strchr(operand, '"') != NULL || strchr(operand, '\\') != NULL)
		return false;
	return source->pcr != 8 || nitro_secure_path_is_valid(operand);
}

static void
print(const struct source *source, const char *operand,
    const uint8_t value[NITRO_PCR_LEN])
{
	struct nitro_candidate candidate = {.kind = NITRO_KIND_ENCLAVE};

	nitro_candidate_set_pcr(&candidate, source->pcr, value);
	nitro_candidate_print_pcrs(&candidate);
	nitro_print_field(source->name, nitro_bytes_of_text(operand));
	printf("\n"
	       "In an entry of pam_nitro_measurements(5), from which the "
	       "module computes the same:\n\n    %s = \"%s\";\n",
	    source->key,
	    can_stand_in_entry(source, operand) ? operand : "/ABSOLUTE/PATH");
}

static bool
print_json(const struct source *source, const char *operand,
    const uint8_t value[NITRO_PCR_LEN])
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	char key[8];

	(void)snprintf(key, sizeof key, "pcr%u", source->pcr);
	nitro_json_begin(&json);
	nitro_json_set_int(&json, "pcr", source->pcr);
	nitro_json_set_hex(
	    &json, key, (struct nitro_bytes){value, NITRO_PCR_LEN});
	nitro_json_set_text(&json, source->key, operand);
	return nitro_json_print(&json);
}

static enum nitro_exit
complain(nitro_err err, const struct nitro_fault *fault)
{
	const char *what = fault->text[0] != '\0' ? fault->text
						  : nitro_err_sentence(err);

	if (fault->file[0] != '\0')
		nitro_complain("pcr: %s: %s", fault->file, what);
	else
		nitro_complain("pcr: %s", what);
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
compute(const struct source *source, const char *operand, bool wants_json)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf in = {0};
	struct nitro_fault fault = {0};
	uint8_t value[NITRO_PCR_LEN];
	nitro_err err;

	if ((err = source->read(operand, &in, &fault)) != NITRO_OK ||
	    (err = nitro_pcr_of(nitro_bytes_of_buf(&in), value)) != NITRO_OK)
		return complain(err, &fault);
	if (!wants_json)
		print(source, operand, value);
	else if (!print_json(source, operand, value))
		return complain(NITRO_E_MEMORY, &fault);
	return NITRO_EXIT_YES;
}

static enum nitro_exit
run(int argc, char **argv)
{
	bool wants_json = false;
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_pcr, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		wants_json = true;
	}
	operands = nitro_command_operands(&nitro_command_pcr, argc, argv, 2);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	for (size_t i = 0; i < NITRO_COUNT_OF(sources); i++)
		if (strcmp(operands[0], sources[i].name) == 0)
			return compute(&sources[i], operands[1], wants_json);
	nitro_complain("pcr: no PCR is computed from %s; it takes role, "
		       "instance or certificate",
	    operands[0]);
	return NITRO_EXIT_USAGE;
}

const struct nitro_command nitro_command_pcr = {
    .name = "pcr",
    .arguments = "[--json] role ARN | instance ID | certificate FILE",
    .summary = "Compute PCR3, PCR4 or PCR8 of an enclave",
    .help =
	"  role ARN          PCR3, from the IAM role of the parent instance\n"
	"  instance ID       PCR4, from the id of the parent instance\n"
	"  certificate FILE  PCR8, from the signing certificate in PEM\n"
	"  --json            for programs\n\n"
	"Exit status: 0 computed, 2 usage, or no such ARN, id or "
	"certificate.\n",
    .run = run,
};
