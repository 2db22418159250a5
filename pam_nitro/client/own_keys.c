#include "client/own_keys.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "client/process.h"
#include "ssh/ssh_key.h"

#define LIST_FILE "keys"
#define TOOL_DEADLINE_MS 20000 /* a FIDO key or an agent may take its time */
#define TOOL_OUTPUT_MAX (NITRO_OWN_KEYS_MAX * (size_t)32768)
#define PUBLIC_FILE_MAX 65536

/* "type base64 comment": the plain key's blob. */
static bool
parse_public_line(struct nitro_bytes line, struct nitro_buf *plain)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	struct nitro_bytes type, base64;

	if (!nitro_bytes_take_until(&line, ' ', &type))
		return false;
	if (!nitro_bytes_take_until(&line, ' ', &base64))
		base64 = line;
	if (nitro_base64_decode(base64, &blob) != NITRO_OK ||
	    !nitro_bytes_equal(
		type, nitro_ssh_key_type(nitro_bytes_of_buf(&blob))))
		return false;
	return nitro_ssh_key_plain(nitro_bytes_of_buf(&blob), plain) ==
	       NITRO_OK;
}

/* The next line, without its end; the last one may have none. */
static bool
take_line(struct nitro_bytes *text, struct nitro_bytes *line)
{
	if (text->len == 0)
		return false;
	if (!nitro_bytes_take_until(text, '\n', line)) {
		*line = *text;
		*text = (struct nitro_bytes){0};
	}
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		*line = nitro_bytes_slice(*line, 0, line->len - 1);
	return true;
}

/* "256 SHA256:... comment (ED25519)" */
static bool
parse_fingerprint(
    struct nitro_bytes line, char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1])
{
	struct nitro_bytes bits, print;

	return nitro_bytes_take_until(&line, ' ', &bits) &&
	       nitro_bytes_take_until(&line, ' ', &print) &&
	       print.len == NITRO_KEY_FINGERPRINT_LEN &&
	       nitro_bytes_has_prefix(print, "SHA256:") &&
	       nitro_bytes_to_text(
		   print, fingerprint, NITRO_KEY_FINGERPRINT_LEN + 1);
}

static bool
run_tool(const char *const argv[], const struct nitro_process_options *options,
    struct nitro_process_result *result)
{
	char what[NITRO_ESCAPED_MAX];
	struct nitro_complaint why;

	if (!nitro_process_run(argv, options, result, &why)) {
		nitro_client_debug("%s", why.text);
		return false;
	}
	if (nitro_process_succeeded(result))
		return true;
	nitro_process_describe(result, what);
	nitro_client_debug("%s %s", argv[0], what);
	return false;
}

/* nitro-ssh has no SHA-256 of its own: ssh-keygen says what K must be. */
static bool
ask_fingerprint(
    struct nitro_bytes blob, char fingerprint[NITRO_KEY_FINGERPRINT_LEN + 1])
{
	static const char *const argv[] = {
	    "ssh-keygen", "-l", "-E", "sha256", "-f", "-", NULL};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
	struct nitro_process_options options = {
	    .deadline_ms = TOOL_DEADLINE_MS, .output_max = PUBLIC_FILE_MAX};

	if (nitro_buf_append(&line, nitro_ssh_key_type(blob)) != NITRO_OK ||
	    nitro_buf_append_byte(&line, ' ') != NITRO_OK ||
	    nitro_base64_encode(blob, &line) != NITRO_OK ||
	    nitro_buf_append_byte(&line, '\n') != NITRO_OK)
		return false;
	options.input = nitro_bytes_of_buf(&line);
	return run_tool(argv, &options, &result) &&
	       parse_fingerprint(
		   nitro_bytes_of_buf(&result.output), fingerprint);
}

static bool
has_blob(const struct nitro_own_keys *keys, struct nitro_bytes blob)
{
	for (size_t i = 0; i < keys->count; i++)
		if (nitro_bytes_equal(
			blob, nitro_bytes_of_buf(&keys->key[i].blob)))
			return true;
	return false;
}

/* Takes the blob over, also where it returns false. */
static bool
add_blob(struct nitro_own_keys *keys, struct nitro_buf *blob)
{
	struct nitro_own_key *key;

	if (has_blob(keys, nitro_bytes_of_buf(blob))) {
		nitro_buf_drop(blob);
		return true;
	}
	if (keys->count == NITRO_OWN_KEYS_MAX) {
		nitro_client_debug("more than %d keys: the rest is passed over",
		    NITRO_OWN_KEYS_MAX);
		nitro_buf_drop(blob);
		return false;
	}
	key = &keys->key[keys->count];
	if (!ask_fingerprint(nitro_bytes_of_buf(blob), key->fingerprint)) {
		nitro_buf_drop(blob);
		return false;
	}
	key->blob = *blob;
	*blob = (struct nitro_buf){0};
	keys->count++;
	return true;
}

bool
nitro_own_keys_add_file(struct nitro_own_keys *keys, const char *path)
{
	/* -P "": a key with a passphrase fails instead of asking for it. */
	const char *const argv[] = {
	    "ssh-keygen", "-y", "-P", "", "-f", path, NULL};
	const struct nitro_process_options options = {
	    .deadline_ms = TOOL_DEADLINE_MS, .output_max = PUBLIC_FILE_MAX};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};
	struct nitro_bytes output, line;

	if (access(path, R_OK) != 0 || !run_tool(argv, &options, &result))
		return false;
	output = nitro_bytes_of_buf(&result.output);
	if (!take_line(&output, &line) || !parse_public_line(line, &blob))
		return false;
	if (!add_blob(keys, &blob))
		return false;
	nitro_client_debug("own key of %s", path);
	return true;
}

/* Is the blob the public key in path or path.pub? */
static bool
file_has_public_key(
    const char *path, const char *suffix, struct nitro_bytes blob)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0}, content = {0};
	char name[PATH_MAX];
	struct nitro_bytes text, line;
	int fd, len = snprintf(name, sizeof name, "%s%s", path, suffix);
	bool is_read;

	if (len < 0 || (size_t)len >= sizeof name ||
	    (fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
		return false;
	is_read = nitro_descriptor_read(fd, PUBLIC_FILE_MAX, &content);
	(void)close(fd);
	if (!is_read)
		return false;
	text = nitro_bytes_of_buf(&content);
	return take_line(&text, &line) && parse_public_line(line, &plain) &&
	       nitro_bytes_equal(nitro_bytes_of_buf(&plain), blob);
}

static bool
is_wanted(struct nitro_bytes blob, const char *const *only)
{
	if (only == NULL)
		return true;
	for (; *only != NULL; only++)
		if (file_has_public_key(*only, ".pub", blob) ||
		    file_has_public_key(*only, "", blob))
			return true;
	return false;
}

void
nitro_own_keys_add_agent(
    struct nitro_own_keys *keys, const char *socket, const char *const *only)
{
	static const char *const argv[] = {"ssh-add", "-L", NULL};
	const char *const environment[] = {
	    "SSH_AUTH_SOCK", socket != NULL ? socket : "", NULL};
	const struct nitro_process_options options = {
	    .deadline_ms = TOOL_DEADLINE_MS,
	    .output_max = TOOL_OUTPUT_MAX,
	    .environment = socket != NULL ? environment : NULL};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	struct nitro_bytes output, line;

	if (!run_tool(argv, &options, &result))
		return;
	output = nitro_bytes_of_buf(&result.output);
	while (take_line(&output, &line)) {
		NITRO_DROP(nitro_buf_drop) struct nitro_buf blob = {0};

		if (parse_public_line(line, &blob) &&
		    is_wanted(nitro_bytes_of_buf(&blob), only) &&
		    add_blob(keys, &blob))
			nitro_client_debug("own key of the agent");
	}
}

const struct nitro_own_key *
nitro_own_keys_find(const struct nitro_own_keys *keys, const char *fingerprint)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->key[i].fingerprint, fingerprint) == 0)
			return &keys->key[i];
	return NULL;
}

void
nitro_own_keys_describe(
    const struct nitro_own_keys *keys, char out[NITRO_ESCAPED_MAX])
{
	size_t used = 0;

	(void)snprintf(out, NITRO_ESCAPED_MAX, "none");
	for (size_t i = 0; i < keys->count; i++) {
		if (used + NITRO_KEY_FINGERPRINT_LEN + 8 > NITRO_ESCAPED_MAX) {
			(void)snprintf(
			    &out[used], NITRO_ESCAPED_MAX - used, ", ...");
			return;
		}
		used += (size_t)snprintf(&out[used], NITRO_ESCAPED_MAX - used,
		    "%s%s", i > 0 ? ", " : "", keys->key[i].fingerprint);
	}
}

/* One line for each key: its fingerprint and the base64 of its blob. */
bool
nitro_own_keys_save(const struct nitro_own_keys *keys,
    const struct nitro_private_folder *folder, struct nitro_complaint *why)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf list = {0};

	for (size_t i = 0; i < keys->count; i++)
		if (nitro_buf_append_text(&list, keys->key[i].fingerprint) !=
			NITRO_OK ||
		    nitro_buf_append_byte(&list, ' ') != NITRO_OK ||
		    nitro_base64_encode(nitro_bytes_of_buf(&keys->key[i].blob),
			&list) != NITRO_OK ||
		    nitro_buf_append_byte(&list, '\n') != NITRO_OK)
			return nitro_client_complain(why, "memory ran out");
	return nitro_private_folder_write(
	    folder, LIST_FILE, nitro_bytes_of_buf(&list), why);
}

static bool
load_line(struct nitro_own_keys *keys, struct nitro_bytes line)
{
	struct nitro_own_key *key = &keys->key[keys->count];
	struct nitro_bytes print;

	if (keys->count == NITRO_OWN_KEYS_MAX ||
	    !nitro_bytes_take_until(&line, ' ', &print) ||
	    !nitro_bytes_to_text(
		print, key->fingerprint, sizeof key->fingerprint) ||
	    nitro_base64_decode(line, &key->blob) != NITRO_OK)
		return false;
	keys->count++;
	return true;
}

bool
nitro_own_keys_load(struct nitro_own_keys *keys,
    const struct nitro_private_folder *folder, struct nitro_complaint *why)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf list = {0};
	struct nitro_bytes text, line;

	if (!nitro_private_folder_read(
		folder, LIST_FILE, TOOL_OUTPUT_MAX, &list))
		return nitro_client_complain(
		    why, "cannot read %s/" LIST_FILE, folder->path);
	text = nitro_bytes_of_buf(&list);
	while (take_line(&text, &line))
		if (!load_line(keys, line))
			return nitro_client_complain(
			    why, "%s/" LIST_FILE " is damaged", folder->path);
	return true;
}

void
nitro_own_keys_drop(struct nitro_own_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		nitro_buf_drop(&keys->key[i].blob);
	*keys = (struct nitro_own_keys){0};
}
