#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/provenance/log.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/time_text.h"

#define PROMISE "log promise"
#define INCLUSION "log inclusion"
#define CHECKPOINT "log checkpoint"

enum { SIGNATURE_LINES_MAX = 64, HINT_LEN = 4 };

/* RFC 8785 of the four fields that a v1 log signs, keys in their order. */
static bool
promise_text(const struct nitro_log_entry *entry, struct nitro_buf *text)
{
	char tail[200], id[2 * NITRO_LOG_ID_LEN + 1];

	nitro_hex_encode((struct nitro_bytes){entry->log_id, NITRO_LOG_ID_LEN},
	    id, sizeof id);
	(void)snprintf(tail, sizeof tail,
	    "\",\"integratedTime\":%" PRId64 ",\"logID\":\"%s\",\"logIndex\":"
	    "%" PRId64 "}",
	    entry->integrated_time_s, id, entry->log_index);
	return nitro_buf_append_text(text, "{\"body\":\"") == NITRO_OK &&
	       nitro_base64_encode(nitro_bytes_of_buf(&entry->body), text) ==
		   NITRO_OK &&
	       nitro_buf_append_text(text, tail) == NITRO_OK;
}

static bool
check_no_promise(const struct nitro_log_entry *entry, struct nitro_trail *trail)
{
	if (nitro_log_entry_is_v2(entry) && entry->promise.len > 0)
		return nitro_trail_refuse(trail, PROMISE,
		    "no promise in an entry of Rekor v2", "a promise");
	if (!nitro_log_entry_is_v2(entry) && entry->integrated_time_s != 0)
		return nitro_trail_refuse(trail, PROMISE,
		    "a promise that signs integratedTime",
		    "integratedTime without one");
	return true;
}

bool
nitro_log_promise(const struct nitro_log_entry *entry,
    const struct nitro_trusted_log *log, int64_t now_ms, int64_t *time_ms,
    struct nitro_trail *trail)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	char moment[NITRO_TIME_TEXT_LEN + 1];
	int64_t at_ms;

	*time_ms = 0;
	if (nitro_log_entry_is_v2(entry) || entry->promise.len == 0)
		return check_no_promise(entry, trail);
	if (!promise_text(entry, &text))
		return nitro_trail_fail(trail, NITRO_E_MEMORY);
	if (!nitro_signature_verify(log->key, nitro_bytes_of_buf(&text),
		nitro_bytes_of_buf(&entry->promise)))
		return nitro_trail_refuse(trail, PROMISE,
		    "a promise signed by the log of the trusted root",
		    "a signature that does not verify");
	if (entry->integrated_time_s <= 0 ||
	    entry->integrated_time_s > now_ms / 1000)
		return nitro_trail_refuse(trail, PROMISE, "a time that is past",
		    "integratedTime %" PRId64, entry->integrated_time_s);
	at_ms = 1000 * entry->integrated_time_s;
	nitro_time_format(at_ms, moment);
	if (!nitro_period_has(&log->period, at_ms))
		return nitro_trail_refuse(trail, PROMISE,
		    "a time within the log's validFor", "%s", moment);
	nitro_trail_pass(trail, PROMISE, "%s, entry %" PRId64 ", %s", log->name,
	    entry->log_index, moment);
	*time_ms = at_ms;
	return true;
}

static bool
hash_node(const uint8_t left[NITRO_SHA256_LEN],
    const uint8_t right[NITRO_SHA256_LEN], uint8_t out[NITRO_SHA256_LEN])
{
	uint8_t node[1 + 2 * NITRO_SHA256_LEN] = {1};

	memcpy(node + 1, left, NITRO_SHA256_LEN);
	memcpy(node + 1 + NITRO_SHA256_LEN, right, NITRO_SHA256_LEN);
	return nitro_sha256((struct nitro_bytes){node, sizeof node}, out) ==
	       NITRO_OK;
}

static bool
hash_leaf(const struct nitro_log_entry *entry, uint8_t out[NITRO_SHA256_LEN])
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf leaf = {0};

	return nitro_buf_append_byte(&leaf, 0) == NITRO_OK &&
	       nitro_buf_append(&leaf, nitro_bytes_of_buf(&entry->body)) ==
		   NITRO_OK &&
	       nitro_sha256(nitro_bytes_of_buf(&leaf), out) == NITRO_OK;
}

/* False where the path is longer or shorter than the tree demands. */
static bool
walk_up(const struct nitro_log_entry *entry, uint8_t root[NITRO_SHA256_LEN])
{
	uint64_t fn = (uint64_t)entry->proof_index;
	uint64_t sn = (uint64_t)entry->tree_size - 1;

	for (size_t i = 0; i < entry->hash_count; i++) {
		const uint8_t *sibling = entry->hashes[i];

		if (sn == 0)
			return false;
		if ((fn & 1) == 1 || fn == sn) {
			if (!hash_node(sibling, root, root))
				return false;
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else if (!hash_node(root, sibling, root)) {
			return false;
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0;
}

bool
nitro_log_inclusion_of(const struct nitro_log_entry *entry,
    const uint8_t leaf[NITRO_SHA256_LEN], struct nitro_trail *trail)
{
	uint8_t root[NITRO_SHA256_LEN];

	memcpy(root, leaf, sizeof root);
	if (entry->proof_index >= entry->tree_size)
		return nitro_trail_refuse(trail, INCLUSION,
		    "an index below the size of the tree",
		    "index %" PRId64 " of %" PRId64, entry->proof_index,
		    entry->tree_size);
	if (!walk_up(entry, root))
		return nitro_trail_refuse(trail, INCLUSION,
		    "as many hashes as the tree has levels", "%zu of them",
		    entry->hash_count);
	if (!nitro_bytes_equal((struct nitro_bytes){root, sizeof root},
		(struct nitro_bytes){
		    entry->root_hash, sizeof entry->root_hash}))
		return nitro_trail_refuse(trail, INCLUSION,
		    "the root hash of the proof", "another one");
	nitro_trail_pass(trail, INCLUSION,
	    "entry %" PRId64 " of a tree of %" PRId64, entry->proof_index,
	    entry->tree_size);
	return true;
}

bool
nitro_log_inclusion(
    const struct nitro_log_entry *entry, struct nitro_trail *trail)
{
	uint8_t leaf[NITRO_SHA256_LEN];

	if (!entry->has_proof)
		return nitro_trail_refuse(trail, INCLUSION,
		    "a proof of inclusion", "none: a promise is not enough");
	if (nitro_log_entry_is_v2(entry) &&
	    entry->log_index != entry->proof_index)
		return nitro_trail_refuse(trail, INCLUSION,
		    "the index of the proof", "%" PRId64, entry->log_index);
	if (!hash_leaf(entry, leaf))
		return nitro_trail_fail(trail, NITRO_E_MEMORY);
	return nitro_log_inclusion_of(entry, leaf, trail);
}

/* The three lines that every checkpoint begins with. */
struct checkpoint {
	struct nitro_bytes text; /* what is signed */
	struct nitro_bytes origin, size, root;
	struct nitro_bytes signatures;
};

static bool
parse_checkpoint(struct nitro_bytes note, struct checkpoint *checkpoint)
{
	struct nitro_bytes rest;
	size_t end = 0;

	while (end + 1 < note.len &&
	       !(note.ptr[end] == '\n' && note.ptr[end + 1] == '\n'))
		end++;
	if (end + 1 >= note.len)
		return false;
	checkpoint->text = nitro_bytes_slice(note, 0, end + 1);
	checkpoint->signatures = nitro_bytes_slice(note, end + 2, note.len);
	rest = checkpoint->text;
	return nitro_bytes_take_until(&rest, '\n', &checkpoint->origin) &&
	       nitro_bytes_take_until(&rest, '\n', &checkpoint->size) &&
	       nitro_bytes_take_until(&rest, '\n', &checkpoint->root);
}

static bool
says_tree(
    const struct checkpoint *checkpoint, const struct nitro_log_entry *entry)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf root = {0};
	char size[24];

	(void)snprintf(size, sizeof size, "%" PRId64, entry->tree_size);
	return nitro_bytes_equal_text(checkpoint->size, size) &&
	       nitro_base64_decode(checkpoint->root, &root) == NITRO_OK &&
	       nitro_bytes_equal(nitro_bytes_of_buf(&root),
		   (struct nitro_bytes){
		       entry->root_hash, sizeof entry->root_hash});
}

/* v1 has "host - tree" there, v2 the host of its URL. */
static bool
is_name(struct nitro_bytes name, const struct checkpoint *checkpoint,
    const struct nitro_log_entry *entry, const struct nitro_trusted_log *log)
{
	struct nitro_bytes host = checkpoint->origin;

	if (nitro_log_entry_is_v2(entry))
		return nitro_bytes_equal(name, host) &&
		       nitro_bytes_equal_text(name, log->name);
	for (size_t i = 0; i + 2 < host.len; i++)
		if (nitro_bytes_has_prefix(
			nitro_bytes_slice(host, i, host.len), " - ")) {
			host = nitro_bytes_slice(host, 0, i);
			break;
		}
	return nitro_bytes_equal(name, host);
}

/* "\u2014 name base64(hint || signature)"; false also for one of somebody else. */
static bool
line_verifies(struct nitro_bytes line, const struct checkpoint *checkpoint,
    const struct nitro_log_entry *entry, const struct nitro_trusted_log *log)
{
	static const char dash[] = "\xe2\x80\x94 ";
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	struct nitro_bytes name, rest, hint;

	if (!nitro_bytes_has_prefix(line, dash))
		return false;
	rest = nitro_bytes_slice(line, strlen(dash), line.len);
	if (!nitro_bytes_take_until(&rest, ' ', &name) ||
	    nitro_base64_decode(rest, &blob) != NITRO_OK)
		return false;
	rest = nitro_bytes_of_buf(&blob);
	return nitro_bytes_take(&rest, HINT_LEN, &hint) &&
	       nitro_bytes_equal(
		   hint, (struct nitro_bytes){log->id, HINT_LEN}) &&
	       is_name(name, checkpoint, entry, log) &&
	       nitro_signature_verify(log->key, checkpoint->text, rest);
}

bool
nitro_log_checkpoint(const struct nitro_log_entry *entry,
    const struct nitro_trusted_log *log, struct nitro_trail *trail)
{
	struct checkpoint checkpoint = {.text = {0}};
	struct nitro_bytes line;

	if (entry->checkpoint == NULL ||
	    !parse_checkpoint(
		nitro_bytes_of_text(entry->checkpoint), &checkpoint))
		return nitro_trail_refuse(trail, CHECKPOINT,
		    "a signed checkpoint", "none, or one without its lines");
	if (!says_tree(&checkpoint, entry))
		return nitro_trail_refuse(trail, CHECKPOINT,
		    "tree size and root hash of the proof", "others");
	for (size_t i = 0;
	     i < SIGNATURE_LINES_MAX &&
	     nitro_bytes_take_until(&checkpoint.signatures, '\n', &line);
	     i++)
		if (line_verifies(line, &checkpoint, entry, log)) {
			nitro_trail_pass(
			    trail, CHECKPOINT, "signed by %s", log->name);
			return true;
		}
	return nitro_trail_refuse(trail, CHECKPOINT,
	    "a signature of the log of the trusted root", "none that verifies");
}
