#include "client/exec_source.h"

#include <string.h>

#include "client/process.h"
#include "evidence/limits.h"

#define CHECK_DEADLINE_MS 5000
#define FIRST_WORD_MAX 255

/* Write one field to its file and append "--option file" to the command. */
static bool
add_field(const struct nitro_private_folder *folder, const char *name,
    struct nitro_bytes value, struct nitro_buf *command,
    struct nitro_complaint *why)
{
	char path[PATH_MAX];

	if (value.len == 0)
		return true;
	if (!nitro_private_folder_write(folder, name, value, why))
		return false;
	if (!nitro_private_folder_path(folder, name, path) ||
	    nitro_buf_append_text(command, " --") != NITRO_OK ||
	    nitro_buf_append_text(command, name) != NITRO_OK ||
	    nitro_buf_append_text(command, " ") != NITRO_OK ||
	    nitro_buf_append_text(command, path) != NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	return true;
}

static bool
complain_of_command(const char *command,
    const struct nitro_process_result *result, struct nitro_complaint *why)
{
	char name[NITRO_ESCAPED_MAX / 2], what[NITRO_ESCAPED_MAX];

	nitro_text_escape(nitro_bytes_of_text(command), name, sizeof name);
	nitro_process_describe(result, what);
	if (result->is_too_large)
		return nitro_client_complain(why,
		    "exec:%s wrote more than %d bytes: no document is that "
		    "long",
		    name, NITRO_EVIDENCE_MAX);
	if (nitro_process_succeeded(result))
		return nitro_client_complain(why,
		    "exec:%s wrote nothing to standard output; a document was "
		    "expected there",
		    name);
	return nitro_client_complain(why, "exec:%s %s", name, what);
}

static bool
run_command(const struct nitro_exec_source *source, const char *command,
    struct nitro_buf *document, struct nitro_complaint *why)
{
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	const struct nitro_process_options options = {
	    .deadline_ms = source->deadline_ms,
	    .output_max = NITRO_EVIDENCE_MAX,
	    .has_own_group = true};

	nitro_client_debug("running %s", command);
	if (!nitro_process_run(argv, &options, &result, why))
		return false;
	if (!nitro_process_succeeded(&result) || result.output.len == 0)
		return complain_of_command(source->command, &result, why);
	if (nitro_buf_append(document, nitro_bytes_of_buf(&result.output)) !=
	    NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	return true;
}

bool
nitro_exec_source_attest(const struct nitro_exec_source *source,
    const struct nitro_document_request *request, struct nitro_buf *document,
    struct nitro_complaint *why)
{
	NITRO_DROP(nitro_private_folder_remove)
	struct nitro_private_folder files = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf command = {0};
	NITRO_DROP(nitro_text_drop) char *text = NULL;

	if (!nitro_private_folder_make(source->folder, &files, why))
		return false;
	if (nitro_buf_append_text(&command, source->command) != NITRO_OK)
		return nitro_client_complain(why, "memory ran out");
	if (!add_field(&files, "nonce", request->nonce, &command, why) ||
	    !add_field(
		&files, "user-data", request->user_data, &command, why) ||
	    !add_field(
		&files, "public-key", request->public_key, &command, why))
		return false;
	if ((text = nitro_text_copy(nitro_bytes_of_buf(&command))) == NULL)
		return nitro_client_complain(why, "memory ran out");
	return run_command(source, text, document, why);
}

bool
nitro_exec_source_check(const char *command, struct nitro_complaint *why)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789._+-/";
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	char word[FIRST_WORD_MAX + 1];
	const char *const argv[] = {
	    "/bin/sh", "-c", "command -v \"$1\"", "sh", word, NULL};
	const struct nitro_process_options options = {
	    .deadline_ms = CHECK_DEADLINE_MS, .output_max = PATH_MAX};
	size_t len = strspn(command, plain);

	if (len == 0 || (command[len] != '\0' && command[len] != ' ') ||
	    !nitro_bytes_to_text(
		nitro_bytes_slice(nitro_bytes_of_text(command), 0, len), word,
		sizeof word))
		return true;
	if (!nitro_process_run(argv, &options, &result, why))
		return false;
	if (nitro_process_succeeded(&result))
		return true;
	return nitro_client_complain(why,
	    "exec:%s: there is no command %s; install it (Amazon Linux has "
	    "nitro-tpm-attest in aws-nitro-tpm-tools) or set NITRO_SSH_SOURCE",
	    word, word);
}
