#include <stdio.h>
#include <string.h>

#include "admin/measurements/entry_state.h"
#include "admin/measurements/list.h"
#include "admin/printable.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "policy/secure_file.h"

enum {
	STATE_WIDTH = 14,
	NAME_WIDTH = 22,
	KIND_WIDTH = 10,
	PINS_WIDTH = 24,
	DATE_LEN = 10
};

/* "a0a0a0a0..a0a0": enough to tell values apart at a glance. */
static void
short_hex(const struct nitro_pin *pin, char out[16])
{
	char hex[2 * NITRO_PCR_LEN + 1];

	nitro_hex_encode(
	    (struct nitro_bytes){pin->value, NITRO_PCR_LEN}, hex, sizeof hex);
	(void)snprintf(
	    out, 16, "%.8s..%s", hex, hex + 2 * (size_t)NITRO_PCR_LEN - 4);
}

/* "pcr0 a0a0a0a0..a0a0", and "or" where another value of that PCR follows. */
static void
pin_text(const struct nitro_entry *entry, size_t i, char out[PINS_WIDTH + 1])
{
	const unsigned pcr = entry->pins[i].pcr;
	const bool has_other = i + 1 < entry->pin_count &&
			       entry->pins[i + 1].pcr == pcr;
	char hex[16];

	short_hex(&entry->pins[i], hex);
	(void)snprintf(out, PINS_WIDTH + 1, "pcr%u %s%s", pcr % 32, hex,
	    has_other ? " or" : "");
}

static void
state_text(enum nitro_entry_state state, int64_t days, char out[32])
{
	switch (state) {
	case NITRO_ENTRY_ACTIVE:
	case NITRO_ENTRY_EXPIRED:
	case NITRO_ENTRY_REVOKED:
		(void)snprintf(out, 32, "%s", nitro_entry_state_name(state));
		return;
	case NITRO_ENTRY_NOT_YET:
		(void)snprintf(out, 32, "not yet");
		return;
	case NITRO_ENTRY_EXPIRING:
		if (days == 0)
			(void)snprintf(out, 32, "! < 1 day");
		else
			(void)snprintf(out, 32, "! %d day%s", (int)days,
			    days == 1 ? "" : "s");
		return;
	}
}

static enum nitro_tone
state_tone(enum nitro_entry_state state)
{
	switch (state) {
	case NITRO_ENTRY_ACTIVE:
		return NITRO_TONE_GOOD;
	case NITRO_ENTRY_EXPIRING:
	case NITRO_ENTRY_EXPIRED:
	case NITRO_ENTRY_REVOKED:
		return NITRO_TONE_BAD;
	case NITRO_ENTRY_NOT_YET:
		return NITRO_TONE_DIM;
	}
	return NITRO_TONE_PLAIN;
}

/* A line of what has no column: "source    git+https://..." */
static void
print_detail(const char *label, const char *text)
{
	char shown[1100];

	if (text == NULL || text[0] == '\0')
		return;
	nitro_printable(nitro_bytes_of_text(text), shown, sizeof shown);
	printf("%*s%-*s%s\n", STATE_WIDTH, "", 10, label, shown);
}

static void
print_times(const struct nitro_entry *entry)
{
	char from[NITRO_TIME_TEXT_LEN + 1], to[NITRO_TIME_TEXT_LEN + 1];

	if (entry->not_before_ms != INT64_MIN) {
		nitro_time_format(entry->not_before_ms, from);
		print_detail("from", from);
	}
	if (entry->not_after_ms != INT64_MAX) {
		nitro_time_format(entry->not_after_ms, to);
		print_detail("until", to);
	}
}

static bool
is_named(const struct nitro_entry *entry, unsigned pcr)
{
	return (pcr == 3 && entry->iam_role != NULL) ||
	       (pcr == 4 && entry->instance_id != NULL) ||
	       (pcr == 8 && entry->signing_certificate != NULL);
}

/* Pins from number i on in lines of their own, below that of the row. */
static void
print_pins(const struct nitro_entry *entry, size_t i)
{
	char text[PINS_WIDTH + 1];

	for (; i < entry->pin_count; i++) {
		if (is_named(entry, entry->pins[i].pcr))
			continue;
		pin_text(entry, i, text);
		printf(
		    "%*s%s\n", STATE_WIDTH + NAME_WIDTH + KIND_WIDTH, "", text);
	}
	print_detail("role", entry->iam_role);
	print_detail("instance", entry->instance_id);
	print_detail("signer", entry->signing_certificate);
}

static nitro_err
print_users(
    const struct nitro_listing *listing, const struct nitro_entry *entry)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf users = {0};
	nitro_err err;

	err = nitro_workload_users(&listing->settings, entry->workload, &users);
	if (err != NITRO_OK ||
	    (err = nitro_buf_append_byte(&users, '\0')) != NITRO_OK)
		return err;
	print_detail("lets in", users.len > 1
				    ? (const char *)users.ptr
				    : "nobody: no rule of users names it");
	return NITRO_OK;
}

/* The pin of the row: the first that is not shown by a name. */
static size_t
first_pin(const struct nitro_entry *entry)
{
	size_t i = 0;

	while (i < entry->pin_count && is_named(entry, entry->pins[i].pcr))
		i++;
	return i;
}

static void
print_row(const struct nitro_listing *listing, const struct nitro_entry *entry,
    const struct nitro_entry **revoked_by)
{
	char name[NITRO_ENTRY_TITLE_SIZE],
	    pin[PINS_WIDTH + 1] = "", state[32],
			     until[NITRO_TIME_TEXT_LEN + 1] = "";
	const enum nitro_entry_state is = nitro_entry_state(
	    entry, &listing->measurements, listing->now_ms, revoked_by);
	const size_t shown = first_pin(entry);

	nitro_entry_title(entry, name);
	state_text(is, nitro_entry_days_left(entry, listing->now_ms), state);
	if (shown < entry->pin_count)
		pin_text(entry, shown, pin);
	else
		(void)snprintf(pin, sizeof pin, "signer, see below");
	if (entry->not_after_ms != INT64_MAX)
		nitro_time_format(entry->not_after_ms, until);
	nitro_print_word(state_tone(is), STATE_WIDTH, state);
	/* A long name has the line for itself. */
	printf("%-*s", NAME_WIDTH, name);
	if (strlen(name) >= NAME_WIDTH)
		printf("\n%*s", STATE_WIDTH + NAME_WIDTH, "");
	printf("%-*s%-*s%.*s\n", KIND_WIDTH, nitro_kind_name(entry->kind),
	    until[0] != '\0' ? PINS_WIDTH : 0, pin, DATE_LEN, until);
}

static nitro_err
print_entry(
    const struct nitro_listing *listing, const struct nitro_entry *entry)
{
	const struct nitro_entry *revoked_by = NULL;
	char where[NITRO_PATH_MAX + 32];

	print_row(listing, entry, &revoked_by);
	print_pins(entry, first_pin(entry) + 1);
	if (revoked_by != NULL)
		print_detail("revoked", revoked_by->reason != NULL
					    ? revoked_by->reason
					    : "no reason given");
	print_times(entry);
	print_detail("source", entry->source);
	print_detail("builder", entry->builder);
	print_detail("note", entry->note);
	(void)snprintf(
	    where, sizeof where, "%s line %u", entry->file, entry->line);
	print_detail("stands in", where);
	return print_users(listing, entry);
}

static void
print_revoked(const struct nitro_entry *item)
{
	char name[NITRO_ENTRY_TITLE_SIZE];

	nitro_entry_title(item, name);
	nitro_print_word(NITRO_TONE_BAD, STATE_WIDTH, "refused");
	printf("%-*s%s\n", NAME_WIDTH, name[0] != '\0' ? name : "any",
	    item->kind != NITRO_KIND_NONE ? nitro_kind_name(item->kind)
					  : "any");
	print_detail("reason", item->reason);
	print_pins(item, 0);
}

static size_t
count_state(const struct nitro_listing *listing, enum nitro_entry_state state)
{
	const struct nitro_measurements *all = &listing->measurements;
	size_t count = 0;

	for (size_t i = 0; i < all->entry_count; i++)
		if (nitro_entry_state(
			&all->entries[i], all, listing->now_ms, NULL) == state)
			count++;
	return count;
}

nitro_err
nitro_listing_print(const struct nitro_listing *listing)
{
	const struct nitro_measurements *all = &listing->measurements;
	nitro_err err;

	printf("%-*s%-*s%-*s%-*s%s\n", STATE_WIDTH, "STATE", NAME_WIDTH,
	    "WORKLOAD/VERSION", KIND_WIDTH, "KIND", PINS_WIDTH, "PINS",
	    "UNTIL");
	for (size_t i = 0; i < all->entry_count; i++)
		if ((err = print_entry(listing, &all->entries[i])) != NITRO_OK)
			return err;
	if (all->revoked_count > 0)
		printf("\nREVOKED\n");
	for (size_t i = 0; i < all->revoked_count; i++)
		print_revoked(&all->revoked[i]);
	printf("\n%zu entr%s, %zu of them revoked, %zu expired, %zu to expire "
	       "within %d days (!).\n",
	    all->entry_count, all->entry_count == 1 ? "y" : "ies",
	    count_state(listing, NITRO_ENTRY_REVOKED),
	    count_state(listing, NITRO_ENTRY_EXPIRED),
	    count_state(listing, NITRO_ENTRY_EXPIRING),
	    NITRO_EXPIRY_NOTICE_DAYS);
	return NITRO_OK;
}
