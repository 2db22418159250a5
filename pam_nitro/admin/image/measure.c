#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/image/candidate_report.h"
#include "admin/image/eif_progress.h"
#include "admin/judge/judgement.h"
#include "admin/printable.h"
#include "base/time_text.h"
#include "evidence/cert_facts.h"
#include "policy/secure_path.h"

enum { JSON = 1 };

#define MIB (1024.0 * 1024.0)

static const struct option options[] = {
    NITRO_CANDIDATE_OPTIONS,
    {"json", no_argument, NULL, JSON},
    {0},
};

static nitro_err
read_image(const char *path, struct nitro_eif *eif, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_fd_drop)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return nitro_fault_set(fault, NITRO_E_FILE_MISSING, path, 0,
		    "cannot be opened: %s", strerror(errno));
	return nitro_eif_read_shown(fd, path, eif, fault);
}

static const char *
signature_word(enum nitro_eif_signature signature)
{
	switch (signature) {
	case NITRO_EIF_UNSIGNED:
		return "unsigned";
	case NITRO_EIF_SIGNED:
		return "signed";
	case NITRO_EIF_SIGNATURE_INVALID:
		return "invalid";
	}
	return "invalid";
}

static const char *
signature_sentence(enum nitro_eif_signature signature)
{
	switch (signature) {
	case NITRO_EIF_UNSIGNED:
		return "none: PCR8 will be zero";
	case NITRO_EIF_SIGNED:
		return "verifies over PCR0";
	case NITRO_EIF_SIGNATURE_INVALID:
		return "DOES NOT VERIFY over PCR0";
	}
	return "unknown";
}

/* A text of the metadata section, by up to two keys; NULL where it is not there. */
static const char *
metadata_text(const json_t *metadata, const char *outer, const char *inner)
{
	const json_t *value = json_object_get(metadata, outer);

	return json_string_value(
	    inner == NULL ? value : json_object_get(value, inner));
}

static void
print_metadata(const json_t *metadata)
{
	static const struct {
		const char *label, *outer, *inner;
	} rows[] = {
	    {"name", "ImageName", NULL},
	    {"version", "ImageVersion", NULL},
	    {"built", "BuildMetadata", "BuildTime"},
	    {"build tool", "BuildMetadata", "BuildTool"},
	    {"tool version", "BuildMetadata", "BuildToolVersion"},
	    {"system", "BuildMetadata", "OperatingSystem"},
	    {"kernel", "BuildMetadata", "KernelVersion"},
	};

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++)
		nitro_print_field(rows[i].label,
		    nitro_bytes_of_text(
			metadata_text(metadata, rows[i].outer, rows[i].inner)));
}

static void
print_certificate(const struct nitro_cert_facts *facts)
{
	char from[NITRO_TIME_TEXT_LEN + 1], to[NITRO_TIME_TEXT_LEN + 1];
	int64_t now_ms = 0;

	nitro_time_format(facts->not_before_s * 1000, from);
	nitro_time_format(facts->not_after_s * 1000, to);
	printf("%-*s%s, %s\n", NITRO_LABEL_WIDTH, "signed by", facts->subject,
	    facts->key);
	printf("%-*svalid %s to %s\n", NITRO_LABEL_WIDTH, "", from, to);
	if (nitro_clock_ms(&now_ms) != NITRO_OK)
		return;
	if (now_ms / 1000 > facts->not_after_s ||
	    now_ms / 1000 < facts->not_before_s)
		printf("%-*snote: this certificate is not valid today\n",
		    NITRO_LABEL_WIDTH, "");
}

static void
print_signature(const struct nitro_eif *eif)
{
	struct nitro_cert_facts facts = {0};

	printf("%-*s%s\n", NITRO_LABEL_WIDTH, "signature",
	    signature_sentence(eif->signature));
	if (eif->signature == NITRO_EIF_UNSIGNED)
		return;
	if (nitro_cert_facts(nitro_bytes_of_buf(&eif->certificate), &facts) ==
	    NITRO_OK)
		print_certificate(&facts);
}

static void
print_image(const struct nitro_eif *eif, const json_t *metadata)
{
	printf("%-*sEIF version %u, %s, %.2f MiB, %u ramdisk%s\n",
	    NITRO_LABEL_WIDTH, "image", eif->version,
	    eif->is_aarch64 ? "aarch64" : "x86_64", (double)eif->size / MIB,
	    eif->ramdisk_count, eif->ramdisk_count == 1 ? "" : "s");
	print_metadata(metadata);
	nitro_print_field("command line", nitro_bytes_of_buf(&eif->cmdline));
	print_signature(eif);
}

/* What is told of an image: the entry is empty where it must not be used. */
struct image {
	const char *path;
	struct nitro_eif eif;
	json_t *metadata; /* NULL where there is none that can be read */
	struct nitro_candidate *candidate;
	struct nitro_buf entry;
};

static void
drop_image(struct image *image)
{
	nitro_eif_drop(&image->eif);
	json_decref(image->metadata);
	nitro_buf_drop(&image->entry);
}

static bool
print_json(const struct image *image)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	const struct nitro_eif *eif = &image->eif;
	char cmdline[4096];

	nitro_printable(
	    nitro_bytes_of_buf(&eif->cmdline), cmdline, sizeof cmdline);
	nitro_json_begin(&json);
	nitro_json_set_text(&json, "file", image->path);
	nitro_candidate_set_report(
	    &json, image->candidate, nitro_bytes_of_buf(&image->entry));
	nitro_json_set_int(&json, "eif_version", eif->version);
	nitro_json_set_text(
	    &json, "architecture", eif->is_aarch64 ? "aarch64" : "x86_64");
	nitro_json_set_int(&json, "size", (int64_t)eif->size);
	nitro_json_set_int(&json, "ramdisks", eif->ramdisk_count);
	nitro_json_set_text(&json, "cmdline", cmdline);
	nitro_json_set_text(&json, "signature", signature_word(eif->signature));
	nitro_json_set_text(&json, "signature_fault", eif->signature_fault);
	nitro_json_set(&json, "metadata",
	    image->metadata != NULL ? json_deep_copy(image->metadata)
				    : json_null());
	return nitro_json_print(&json);
}

static enum nitro_exit
complain(const char *path, nitro_err err, const struct nitro_fault *fault)
{
	nitro_complain("measure: %s %s", path,
	    fault->text[0] != '\0' ? fault->text : nitro_err_sentence(err));
	return err == NITRO_E_FILE_READ ? NITRO_EXIT_REFUSED : NITRO_EXIT_USAGE;
}

static enum nitro_exit
complain_entry(nitro_err err, const struct nitro_fault *fault)
{
	nitro_complain("measure: %s",
	    fault->text[0] != '\0' ? fault->text : nitro_err_sentence(err));
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
print(const struct image *image, bool wants_json)
{
	if (wants_json && !print_json(image)) {
		nitro_complain(
		    "measure: %s", nitro_err_sentence(NITRO_E_MEMORY));
		return NITRO_EXIT_USAGE;
	}
	if (!wants_json)
		print_image(&image->eif, image->metadata);
	if (image->eif.signature == NITRO_EIF_SIGNATURE_INVALID) {
		nitro_complain("measure: the signature of %s is wrong: %s. "
			       "Nitro does not start such an image, so no "
			       "value is given",
		    image->path, image->eif.signature_fault);
		return NITRO_EXIT_REFUSED;
	}
	if (!wants_json)
		nitro_candidate_print(
		    image->candidate, nitro_bytes_of_buf(&image->entry));
	return NITRO_EXIT_YES;
}

static enum nitro_exit
measure(const char *path, struct nitro_candidate *candidate, bool wants_json)
{
	NITRO_DROP(drop_image)
	struct image image = {.path = path, .candidate = candidate};
	struct nitro_fault fault = {0};
	nitro_err err;

	if ((err = read_image(path, &image.eif, &fault)) != NITRO_OK)
		return complain(path, err, &fault);
	/* What the builder says of the image is shown and never decides. */
	image.metadata = json_loadb((const char *)image.eif.metadata.ptr,
	    image.eif.metadata.len, 0, NULL);
	if (image.eif.signature != NITRO_EIF_SIGNATURE_INVALID) {
		nitro_candidate_of_eif(&image.eif, candidate);
		err = nitro_candidate_checked_entry(
		    candidate, &image.entry, &fault);
	}
	if (err != NITRO_OK)
		return complain_entry(err, &fault);
	return print(&image, wants_json);
}

static enum nitro_exit
run(int argc, char **argv)
{
	struct nitro_candidate candidate = {0};
	bool wants_json = false;
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_measure, argc,
		    argv, options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		if (option == JSON)
			wants_json = true;
		else
			(void)nitro_candidate_option(
			    &candidate, option, optarg);
	}
	operands = nitro_command_operands(
	    &nitro_command_measure, argc, argv, 1);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	return measure(operands[0], &candidate, wants_json);
}

const struct nitro_command nitro_command_measure = {
    .name = "measure",
    .arguments = NITRO_CANDIDATE_ARGUMENTS " [--json] FILE.eif",
    .summary =
	"Compute what an enclave image will measure, from the image itself",
    .help = NITRO_CANDIDATE_HELP
    "  --json        for programs\n\n"
    "Exit status: 0 measured, 1 the image is damaged or its signature is "
    "wrong,\n"
    "2 usage.\n",
    .run = run,
};
