#include "client/askpass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/responder.h"

static bool
print_line(const struct nitro_buf *line, struct nitro_complaint *why)
{
	if (fwrite(line->ptr, 1, line->len, stdout) == line->len &&
	    fputc('\n', stdout) != EOF && fflush(stdout) == 0)
		return true;
	return nitro_client_complain(why, "cannot write the answer");
}

/* The folder that holds the link as which ssh has started us. */
static bool
open_run_folder(const char *name, struct nitro_private_folder *folder,
    struct nitro_complaint *why)
{
	const char *slash = strrchr(name, '/');
	struct nitro_bytes path = nitro_bytes_of_text(name);
	char text[PATH_MAX];

	if (slash == NULL || slash == name ||
	    !nitro_bytes_to_text(
		nitro_bytes_slice(path, 0, (size_t)(slash - name)), text,
		sizeof text))
		return nitro_client_complain(why,
		    "this name is for ssh's use only: start nitro-ssh instead");
	return nitro_private_folder_open(text, folder, why);
}

static bool
answer_ssh(const char *name, const char *prompt, struct nitro_complaint *why)
{
	NITRO_DROP(nitro_private_folder_close)
	struct nitro_private_folder folder = {0};
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
	struct nitro_document_source source;
	const struct nitro_responder responder = {&keys, &source, &folder};

	return open_run_folder(name, &folder, why) &&
	       nitro_own_keys_load(&keys, &folder, why) &&
	       nitro_document_source_parse(
		   getenv(NITRO_SOURCE_VARIABLE), &source, why) &&
	       nitro_responder_part(
		   &responder, nitro_bytes_of_text(prompt), &line, why) &&
	       print_line(&line, why);
}

/* ssh only shows something, as when a FIDO key waits for a touch. */
static bool
is_notice(void)
{
	const char *hint = getenv("SSH_ASKPASS_PROMPT");

	return hint != NULL && strcmp(hint, "none") == 0;
}

int
nitro_askpass(const char *name, const char *prompt)
{
	struct nitro_complaint why;
	char shown[NITRO_ESCAPED_MAX];

	if (is_notice()) {
		nitro_text_escape(
		    nitro_bytes_of_text(prompt), shown, sizeof shown);
		(void)nitro_client_complain(&why, "%s", shown);
		nitro_client_say(&why);
		return 0;
	}
	if (answer_ssh(name, prompt, &why))
		return 0;
	nitro_client_say(&why);
	return 1;
}

static void
add_default_keys(struct nitro_own_keys *keys)
{
	static const char *const names[] = {
	    "id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"};
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	nitro_own_keys_add_agent(keys, NULL, NULL);
	for (size_t i = 0; home != NULL && i < NITRO_COUNT_OF(names); i++) {
		int len = snprintf(
		    path, sizeof path, "%s/.ssh/%s", home, names[i]);

		if (len > 0 && (size_t)len < sizeof path &&
		    !nitro_own_keys_add_file(keys, path))
			nitro_client_debug("no key in %s", path);
	}
}

/* FILE, or FILE.pub beside the private part or in the agent. */
static bool
add_named_key(
    struct nitro_own_keys *keys, const char *name, struct nitro_complaint *why)
{
	const char *const only[] = {name, NULL};
	struct nitro_bytes path = nitro_bytes_of_text(name);
	char private_file[PATH_MAX], shown[NITRO_ESCAPED_MAX];
	size_t before = keys->count;

	if (path.len > 4 &&
	    nitro_bytes_equal_text(
		nitro_bytes_slice(path, path.len - 4, 4), ".pub"))
		path = nitro_bytes_slice(path, 0, path.len - 4);
	if (nitro_bytes_to_text(path, private_file, sizeof private_file) &&
	    nitro_own_keys_add_file(keys, private_file))
		return true;
	nitro_own_keys_add_agent(keys, NULL, only);
	if (keys->count > before)
		return true;
	nitro_text_escape(nitro_bytes_of_text(name), shown, sizeof shown);
	return nitro_client_complain(why,
	    "--key %s: no private key there that can be read without a "
	    "passphrase, and the agent does not offer it",
	    shown);
}

/* Options in front of the prompt; false for wrong usage or a key not held. */
static bool
take_options(const char *const arguments[], struct nitro_own_keys *keys,
    const char **prompt, int *status, struct nitro_complaint *why)
{
	size_t i = 0;

	*status = 2;
	for (; arguments[i] != NULL && strcmp(arguments[i], "--key") == 0;
	     i += 2) {
		if (arguments[i + 1] == NULL)
			return nitro_client_complain(why, "--key wants a file");
		if (!add_named_key(keys, arguments[i + 1], why)) {
			*status = 1;
			return false;
		}
	}
	if (arguments[i] == NULL || arguments[i + 1] != NULL)
		return nitro_client_complain(
		    why, "usage: nitro-ssh answer [--key FILE]... PROMPT");
	if (i == 0)
		add_default_keys(keys);
	*prompt = arguments[i];
	return true;
}

int
nitro_answer_command(const char *const arguments[], const char *source_text)
{
	NITRO_DROP(nitro_private_folder_remove)
	struct nitro_private_folder folder = {0};
	NITRO_DROP(nitro_own_keys_drop) struct nitro_own_keys keys = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf line = {0};
	struct nitro_document_source source;
	const struct nitro_responder responder = {&keys, &source, &folder};
	struct nitro_complaint why;
	const char *prompt = NULL;
	int status = 2;

	if (nitro_document_source_parse(source_text, &source, &why) &&
	    take_options(arguments, &keys, &prompt, &status, &why)) {
		status = 1;
		if (nitro_document_source_check(&source, &why) &&
		    nitro_private_folder_make(NULL, &folder, &why) &&
		    nitro_responder_whole(
			&responder, nitro_bytes_of_text(prompt), &line, &why) &&
		    print_line(&line, &why))
			return 0;
	}
	nitro_client_say(&why);
	return status;
}
