#include "admin/measurements/revoke.h"

#include <string.h>

#include "admin/judge/judgement.h"
#include "admin/measurements/change_report.h"
#include "admin/measurements/entry_state.h"
#include "base/hex.h"
#include "policy/aws_name.h"
#include "policy/nearest.h"

enum { CONFIG = 1, FILE_NAME, PCR0, INSTANCE, REASON, DRY_RUN, JSON };

#define TYPO_DIGITS 8 /* so few of 96 that differ are a slip */
#define NEAR_NAMES_MAX 1000

static const struct option options[] = {
    {"pcr0", required_argument, NULL, PCR0},
    {"instance", required_argument, NULL, INSTANCE},
    {"reason", required_argument, NULL, REASON},
    {"config", required_argument, NULL, CONFIG},
    {"file", required_argument, NULL, FILE_NAME},
    {"dry-run", no_argument, NULL, DRY_RUN},
    {"json", no_argument, NULL, JSON},
    {0},
};

static void
drop_revoking(struct nitro_revoking *revoking)
{
	nitro_free(revoking->items);
	nitro_measurements_drop(&revoking->wanted);
	nitro_change_drop(&revoking->change);
}

bool
nitro_revoking_is_target(
    const struct nitro_revoking *revoking, const struct nitro_entry *entry)
{
	char name[NITRO_ENTRY_TITLE_SIZE];

	nitro_entry_title(entry, name);
	return strcmp(revoking->target, entry->workload) == 0 ||
	       strcmp(revoking->target, name) == 0;
}

/*
 * What says which code the entry is for. Refusing that refuses the code under
 * any name; a signer has signed other code as well, so such an item is for this
 * entry's name alone.
 */
static void
set_item(
    const struct nitro_entry *entry, char *reason, struct nitro_entry *item)
{
	const unsigned pcr = entry->kind == NITRO_KIND_NITROTPM ? 4 : 0;
	size_t first = 0;

	*item = (struct nitro_entry){.kind = entry->kind,
	    .reason = reason,
	    .not_before_ms = INT64_MIN,
	    .not_after_ms = INT64_MAX};
	if ((entry->pinned_mask >> pcr & 1) == 0) {
		item->workload = entry->workload;
		item->version = entry->version;
		item->pins = entry->pins;
		item->pin_count = entry->pin_count;
		item->pinned_mask = entry->pinned_mask;
		item->iam_role = entry->iam_role;
		item->instance_id = entry->instance_id;
		/* Not its certificate, which may be removed some day. */
		return;
	}
	while (entry->pins[first].pcr != pcr)
		first++;
	item->pins = &entry->pins[first];
	while (first + item->pin_count < entry->pin_count &&
	       item->pins[item->pin_count].pcr == pcr)
		item->pin_count++;
	item->pinned_mask = UINT32_C(1) << pcr;
}

/* One item for each entry of that name that none refuses yet. */
static void
collect_target(struct nitro_revoking *revoking)
{
	const struct nitro_measurements *before = &revoking->change.before;
	const struct nitro_entry *entry;

	for (size_t i = 0; i < before->entry_count; i++) {
		entry = &before->entries[i];
		if (!nitro_revoking_is_target(revoking, entry))
			continue;
		revoking->found_count++;
		if (!nitro_entry_is_covered_by(
			entry, before->revoked, before->revoked_count) &&
		    !nitro_entry_is_covered_by(
			entry, revoking->items, revoking->item_count))
			set_item(entry, revoking->reason,
			    &revoking->items[revoking->item_count++]);
	}
}

/* The name closest to target of all entries. */
static void
complain_missing(const struct nitro_revoking *revoking)
{
	const struct nitro_measurements *before = &revoking->change.before;
	const char *names[2 * NEAR_NAMES_MAX];
	static char text[NEAR_NAMES_MAX][NITRO_ENTRY_TITLE_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < before->entry_count && i < NEAR_NAMES_MAX; i++) {
		nitro_entry_title(&before->entries[i], text[i]);
		names[count++] = text[i];
		names[count++] = before->entries[i].workload;
	}
	nitro_complain("revoke: there is no entry %s; the nearest is %s",
	    revoking->target, nitro_nearest(revoking->target, names, count));
	nitro_complain("what to do: pam-nitro list shows all entries");
}

static unsigned
count_differing_digits(const struct nitro_pin *a, const struct nitro_pin *b)
{
	unsigned count = 0;

	for (size_t i = 0; i < NITRO_PCR_LEN; i++) {
		count += (a->value[i] >> 4) != (b->value[i] >> 4);
		count += (a->value[i] & 15) != (b->value[i] & 15);
	}
	return count;
}

/*
 * A value that no entry has may well be revoked: of a version that only its
 * signer admits. One that nearly is an entry's is a slip.
 */
static bool
is_slip(const struct nitro_revoking *revoking, const struct nitro_entry **near)
{
	const struct nitro_measurements *before = &revoking->change.before;
	const struct nitro_pin *pin;
	unsigned digits;

	*near = NULL;
	for (size_t i = 0; i < before->entry_count; i++)
		for (size_t k = 0; k < before->entries[i].pin_count; k++) {
			pin = &before->entries[i].pins[k];
			digits = count_differing_digits(pin, &revoking->pin);
			if (pin->pcr == 0 && digits == 0)
				return false;
			if (pin->pcr == 0 && digits <= TYPO_DIGITS)
				*near = &before->entries[i];
		}
	return *near != NULL;
}

static void
set_given(struct nitro_revoking *revoking)
{
	struct nitro_entry *item = &revoking->items[revoking->item_count++];

	*item = (struct nitro_entry){.reason = revoking->reason,
	    .instance_id = revoking->instance_id,
	    .not_before_ms = INT64_MIN,
	    .not_after_ms = INT64_MAX};
	if (revoking->pcr0_hex != NULL) {
		item->pins = &revoking->pin;
		item->pin_count = 1;
		item->pinned_mask = 1;
	}
}

static enum nitro_exit
collect(struct nitro_revoking *revoking)
{
	const struct nitro_entry *near;
	char name[NITRO_ENTRY_TITLE_SIZE];

	revoking->items = nitro_alloc(
	    revoking->change.before.entry_count + 1, sizeof revoking->items[0]);
	if (revoking->items == NULL) {
		nitro_complain(
		    "revoke: %s", nitro_err_sentence(NITRO_E_MEMORY));
		return NITRO_EXIT_USAGE;
	}
	if (revoking->target == NULL) {
		if (revoking->pcr0_hex != NULL && is_slip(revoking, &near)) {
			nitro_entry_title(near, name);
			nitro_complain(
			    "revoke: no entry has this pcr0, but that of %s "
			    "(%s line %u) is nearly the same: a slip?",
			    name, near->file, near->line);
			return NITRO_EXIT_REFUSED;
		}
		set_given(revoking);
		return NITRO_EXIT_YES;
	}
	collect_target(revoking);
	if (revoking->found_count > 0)
		return NITRO_EXIT_YES;
	complain_missing(revoking);
	return NITRO_EXIT_REFUSED;
}

static nitro_err
no_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context)
{
	(void)der;
	(void)context;
	return nitro_fault_set(fault, NITRO_E_INTERNAL, path, 0,
	    "a revoked item names no certificate here");
}

/* The items as the module will read them: with what it computes. */
static nitro_err
settle_items(struct nitro_revoking *revoking, struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0}, items = {0};
	nitro_err err = NITRO_OK;

	for (size_t i = 0; i < revoking->item_count && err == NITRO_OK; i++)
		err = nitro_edit_append_element(&revoking->items[i], &items);
	if (err != NITRO_OK ||
	    (err = nitro_buf_append_text(&text, "revoked = (\n")) != NITRO_OK ||
	    (err = nitro_buf_append(&text, nitro_bytes_of_buf(&items))) !=
		NITRO_OK ||
	    (err = nitro_buf_append_text(&text, ");\n")) != NITRO_OK)
		return nitro_fault_set(fault, err, "--reason", 0,
		    "the text must be printable ASCII");
	return nitro_measurements_parse(nitro_bytes_of_buf(&text), "the item",
	    no_certificate, NULL, &revoking->wanted, fault);
}

/* The same is revoked already, whatever the reason given then. */
static bool
is_there(const struct nitro_revoking *revoking)
{
	const struct nitro_measurements *before = &revoking->change.before;

	for (size_t i = 0; i < before->revoked_count; i++)
		if (nitro_entry_is_equal(
			&before->revoked[i], &revoking->wanted.revoked[0]))
			return true;
	return false;
}

static enum nitro_exit
revoke(struct nitro_revoking *revoking)
{
	struct nitro_change *change = &revoking->change;
	struct nitro_fault fault = {0};
	enum nitro_exit status;

	if (nitro_clock_ms(&revoking->now_ms) != NITRO_OK) {
		nitro_complain("revoke: %s", nitro_err_sentence(NITRO_E_CLOCK));
		return NITRO_EXIT_USAGE;
	}
	if (nitro_change_begin(change, &fault) != NITRO_OK)
		return nitro_change_complain(
		    &nitro_command_revoke, change, &fault);
	if (!change->has_before)
		return nitro_change_complain(
		    &nitro_command_revoke, change, &change->before_fault);
	if ((status = collect(revoking)) != NITRO_EXIT_YES)
		return status;
	if (revoking->item_count == 0)
		return nitro_revoking_report_already(revoking);
	if (settle_items(revoking, &fault) != NITRO_OK) {
		nitro_complain("revoke: %s: %s", fault.file, fault.text);
		return NITRO_EXIT_USAGE;
	}
	if (revoking->target == NULL && is_there(revoking))
		return nitro_revoking_report_already(revoking);
	if (nitro_change_make(change, NITRO_EDIT_REVOKED,
		revoking->wanted.revoked, revoking->wanted.revoked_count,
		&fault) != NITRO_OK ||
	    nitro_change_commit(change, &fault) != NITRO_OK)
		return nitro_change_complain(
		    &nitro_command_revoke, change, &fault);
	return nitro_revoking_report(revoking);
}

static enum nitro_exit
refuse_usage(const char *what)
{
	nitro_complain("revoke: %s; see pam-nitro revoke --help", what);
	return NITRO_EXIT_USAGE;
}

static enum nitro_exit
check_request(struct nitro_revoking *revoking)
{
	const int count = (revoking->target != NULL) +
			  (revoking->pcr0_hex != NULL) +
			  (revoking->instance_id != NULL);

	if (count != 1)
		return refuse_usage("give one of WORKLOAD[/VERSION], --pcr0 "
				    "and --instance");
	if (revoking->reason == NULL || revoking->reason[0] == '\0')
		return refuse_usage("say why by --reason, for whoever reads "
				    "the file later");
	if (revoking->pcr0_hex != NULL &&
	    !nitro_hex_decode(nitro_bytes_of_text(revoking->pcr0_hex),
		revoking->pin.value, sizeof revoking->pin.value))
		return refuse_usage("--pcr0 takes 96 hex digits (SHA-384)");
	if (revoking->instance_id != NULL &&
	    !nitro_is_instance_id(revoking->instance_id))
		return refuse_usage(
		    "--instance takes an id like i-0123456789abcdef0");
	return revoke(revoking);
}

static void
take_option(struct nitro_revoking *revoking, int option)
{
	if (option == PCR0)
		revoking->pcr0_hex = optarg;
	else if (option == INSTANCE)
		revoking->instance_id = optarg;
	else if (option == REASON)
		revoking->reason = optarg;
	else if (option == CONFIG)
		revoking->change.config = optarg;
	else if (option == FILE_NAME)
		revoking->change.file = optarg;
	else if (option == DRY_RUN)
		revoking->change.is_dry_run = true;
	else
		revoking->wants_json = true;
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_revoking)
	struct nitro_revoking revoking = {.change = NITRO_CHANGE_INIT};
	char **operands;
	int option;

	while ((option = nitro_command_option(&nitro_command_revoke, argc, argv,
		    options)) != NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == NITRO_OPTION_BAD)
			return NITRO_EXIT_USAGE;
		take_option(&revoking, option);
	}
	operands = nitro_command_operands(&nitro_command_revoke, argc, argv,
	    argc > optind ||
		    (revoking.pcr0_hex == NULL && revoking.instance_id == NULL)
		? 1
		: 0);
	if (operands == NULL)
		return NITRO_EXIT_USAGE;
	revoking.target = argc > optind ? operands[0] : NULL;
	return check_request(&revoking);
}

const struct nitro_command nitro_command_revoke = {
    .name = "revoke",
    .arguments = "WORKLOAD[/VERSION] | --pcr0 HEX | --instance ID\n"
		 "           --reason TEXT [--config FILE] [--file FILE] "
		 "[--dry-run] [--json]",
    .summary = "Refuse what the measurements allow, whatever entry allows it",
    .help =
	"Adds items to revoked in the measurements file; entries stay.\n"
	"WORKLOAD[/VERSION] refuses the code of its entries under any name.\n\n"
	"  --pcr0 HEX      one image\n"
	"  --instance ID   one EC2 instance and what runs on it, e.g. "
	"i-0123456789abcdef0\n"
	"  --reason TEXT   why, for whoever reads the file later\n"
	"  --config FILE   settings, else " NITRO_SETTINGS_PATH "\n"
	"  --file FILE     the measurements file; must be said where the "
	"settings\n"
	"                  name a folder\n"
	"  --dry-run       show the change and leave everything as it is\n"
	"  --json          for programs\n\n"
	"Exit status: 0 revoked, now or before, 1 there is no such entry, 2 "
	"usage or\nconfiguration.\n",
    .run = run,
};
