#include "admin/provenance/log.h"
#include "admin/provenance/sigstore.h"
#include "admin/provenance/timestamp.h"
#include "base/time_text.h"

static struct nitro_bytes
id_of(const struct nitro_log_entry *entry)
{
	return (struct nitro_bytes){entry->log_id, NITRO_LOG_ID_LEN};
}

/* Two entries of one log are one witness, not two (GHSA-9vcr-p3rj-q5q6). */
static bool
is_first_of_log(const struct nitro_bundle *bundle, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (nitro_bytes_equal(
			id_of(&bundle->entries[i]), id_of(&bundle->entries[n])))
			return false;
	return true;
}

static bool
check_entry(const struct nitro_witness *witness, size_t n,
    struct nitro_times *times, struct nitro_trail *trail)
{
	const struct nitro_log_entry *entry = &witness->bundle->entries[n];
	const struct nitro_log_subject subject = {.bundle = witness->bundle,
	    .artifact = witness->artifact,
	    .key = witness->key,
	    .pae = witness->pae};
	const struct nitro_trusted_log *log;
	int64_t time_ms = 0;

	if (!is_first_of_log(witness->bundle, n))
		return nitro_trail_refuse(trail, "log entry",
		    "one entry of a log", "another one of the same");
	if (!nitro_log_bind(entry, &subject, trail))
		return false;
	log = nitro_trusted_log_find(
	    witness->root->logs, witness->root->log_count, id_of(entry));
	if (log == NULL)
		return nitro_trail_refuse(trail, "log entry",
		    "a log of the trusted root", "a log that is not in it");
	nitro_trail_pass(trail, "log entry",
	    "%s %s is about this signature, key and content", entry->kind,
	    entry->version);
	if (!nitro_log_promise(entry, log, witness->now_ms, &time_ms, trail) ||
	    !nitro_log_inclusion(entry, trail) ||
	    !nitro_log_checkpoint(entry, log, trail))
		return false;
	if (time_ms != 0)
		times->ms[times->count++] = time_ms;
	return true;
}

static bool
check_entries(const struct nitro_witness *witness, struct nitro_times *times,
    struct nitro_trail *trail)
{
	for (size_t i = 0; i < witness->bundle->entry_count; i++)
		if (!check_entry(witness, i, times, trail))
			return false;
	if (witness->root->log_count > 0 && witness->bundle->entry_count == 0)
		return nitro_trail_refuse(trail, "log entry",
		    "an entry of a log of the trusted root", "none");
	if (witness->root->log_count > 0)
		return true;
	if (!witness->allows_no_log)
		return nitro_trail_refuse(trail, "log entry",
		    "a trusted root that lists a log, or --allow-no-log",
		    "a trusted root without one");
	nitro_trail_pass(trail, "log entry",
	    "none: the trusted root has no log, and that was allowed");
	return true;
}

/* A token that does not verify is fatal, even beside one that does. */
static bool
check_timestamps(const struct nitro_witness *witness, struct nitro_times *times,
    struct nitro_trail *trail)
{
	const struct nitro_bundle *bundle = witness->bundle;
	bool is_used[NITRO_TRUSTED_MAX] = {false};
	size_t tsa = 0;
	int64_t time_ms = 0;

	for (size_t i = 0; i < bundle->timestamp_count; i++) {
		if (!nitro_timestamp_verify(
			nitro_bytes_of_buf(&bundle->timestamps[i]),
			nitro_bytes_of_buf(&bundle->signature), witness->root,
			&tsa, &time_ms, trail))
			return false;
		if (is_used[tsa])
			return nitro_trail_refuse(trail, "timestamp",
			    "one timestamp of an authority",
			    "another one of the same");
		if (time_ms > witness->now_ms)
			return nitro_trail_refuse(trail, "timestamp",
			    "a time that is past", "a time in the future");
		is_used[tsa] = true;
		times->ms[times->count++] = time_ms;
	}
	return true;
}

/* An entry of Rekor v2 has no time of its own; its log's key must fit the others. */
static bool
check_v2_periods(const struct nitro_witness *witness,
    const struct nitro_times *times, struct nitro_trail *trail)
{
	const struct nitro_bundle *bundle = witness->bundle;
	const struct nitro_trusted_log *log;

	for (size_t i = 0; i < bundle->entry_count; i++) {
		if (!nitro_log_entry_is_v2(&bundle->entries[i]))
			continue;
		log = nitro_trusted_log_find(witness->root->logs,
		    witness->root->log_count, id_of(&bundle->entries[i]));
		for (size_t k = 0; log != NULL && k < times->count; k++)
			if (!nitro_period_has(&log->period, times->ms[k]))
				return nitro_trail_refuse(trail, "log entry",
				    "a time within the log's validFor",
				    "another time");
	}
	return true;
}

_Static_assert(
    NITRO_BUNDLE_ENTRIES_MAX + NITRO_BUNDLE_TIMESTAMPS_MAX <= NITRO_TIMES_MAX,
    "every time has its place");

bool
nitro_witness_times(const struct nitro_witness *witness,
    struct nitro_times *times, struct nitro_trail *trail)
{
	if (!check_entries(witness, times, trail) ||
	    !check_timestamps(witness, times, trail))
		return false;
	if (times->count == 0)
		return nitro_trail_refuse(trail, "time",
		    "a time that a log or an authority signed", "none");
	return check_v2_periods(witness, times, trail);
}
