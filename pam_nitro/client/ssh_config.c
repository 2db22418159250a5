#include "client/ssh_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/process.h"

#define SSH_DEADLINE_MS 30000 /* Match exec may look names up */
#define CONFIG_MAX (256 * 1024)

/* Options of ssh(1) that take an argument, OpenSSH 8.0 to 10. */
static const char with_argument[] = "bceilmopwBDEFIJLOPQRSW";

/*
 * One word of option letters. True where it holds a query; *takes_next where
 * the next word is the argument of its last letter.
 */
static bool
word_is_query(const char *word, bool *takes_next)
{
	*takes_next = false;
	for (size_t i = 1; word[i] != '\0'; i++) {
		if (strchr("GVQO", word[i]) != NULL)
			return true;
		if (strchr(with_argument, word[i]) != NULL) {
			*takes_next = word[i + 1] == '\0';
			return false;
		}
	}
	return false;
}

bool
nitro_ssh_arguments_are_query(const char *const arguments[])
{
	bool has_host = false, takes_next;

	for (size_t i = 0; arguments[i] != NULL; i++) {
		if (arguments[i][0] != '-' || arguments[i][1] == '\0') {
			if (has_host)
				return false; /* the remote command */
			has_host = true;
			continue;
		}
		if (strcmp(arguments[i], "--") == 0)
			return false;
		if (word_is_query(arguments[i], &takes_next))
			return true;
		if (takes_next && arguments[i + 1] != NULL)
			i++;
	}
	return false;
}

/* Text for one % token; NULL for one that nitro-ssh does not know. */
static const char *
token_value(const struct nitro_ssh_config *config, uint8_t token, char uid[24])
{
	switch (token) {
	case '%':
		return "%";
	case 'd':
		return getenv("HOME");
	case 'h':
		return config->hostname;
	case 'i':
		(void)snprintf(uid, 24, "%lu", (unsigned long)getuid());
		return uid;
	case 'p':
		return config->port;
	case 'r':
		return config->user;
	case 'u':
		return getenv("LOGNAME") != NULL ? getenv("LOGNAME")
						 : getenv("USER");
	default:
		return NULL;
	}
}

/* ${NAME}, with what stands in front of it already taken. */
static bool
append_variable(struct nitro_bytes *in, struct nitro_buf *out)
{
	struct nitro_bytes name;
	char text[256];
	const char *value;

	return nitro_bytes_take(in, 1, &name) &&
	       nitro_bytes_take_until(in, '}', &name) &&
	       nitro_bytes_to_text(name, text, sizeof text) &&
	       (value = getenv(text)) != NULL &&
	       nitro_buf_append_text(out, value) == NITRO_OK;
}

static bool
append_token(const struct nitro_ssh_config *config, struct nitro_bytes *in,
    struct nitro_buf *out)
{
	struct nitro_bytes token;
	const char *value;
	char uid[24];

	return nitro_bytes_take(in, 1, &token) &&
	       (value = token_value(config, token.ptr[0], uid)) != NULL &&
	       nitro_buf_append_text(out, value) == NITRO_OK;
}

/* ssh -G prints file names as they were written. */
static char *
expand(const struct nitro_ssh_config *config, struct nitro_bytes in)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf out = {0};
	struct nitro_bytes byte;
	bool is_good = true;

	if (nitro_bytes_has_prefix(in, "~/")) {
		is_good = getenv("HOME") != NULL &&
			  nitro_buf_append_text(&out, getenv("HOME")) ==
			      NITRO_OK &&
			  nitro_bytes_take(&in, 1, &byte);
	}
	while (is_good && nitro_bytes_take(&in, 1, &byte)) {
		if (byte.ptr[0] == '%')
			is_good = append_token(config, &in, &out);
		else if (byte.ptr[0] == '$' && nitro_bytes_has_prefix(in, "{"))
			is_good = append_variable(&in, &out);
		else
			is_good = nitro_buf_append(&out, byte) == NITRO_OK;
	}
	return is_good ? nitro_text_copy(nitro_bytes_of_buf(&out)) : NULL;
}

static void
add_identity_file(struct nitro_ssh_config *config, struct nitro_bytes value)
{
	char escaped[NITRO_ESCAPED_MAX];
	char *path;

	if (nitro_bytes_equal_text(value, "none") ||
	    config->identity_file_count == NITRO_IDENTITY_FILES_MAX)
		return;
	if ((path = expand(config, value)) != NULL) {
		config->identity_files[config->identity_file_count++] = path;
		return;
	}
	nitro_text_escape(value, escaped, sizeof escaped);
	nitro_client_debug("passing over IdentityFile %s: a token in it is not "
			   "known here; name the file with -i",
	    escaped);
}

static void
set_identity_agent(struct nitro_ssh_config *config, struct nitro_bytes value)
{
	struct nitro_bytes sign, name = value;
	char text[256];
	const char *socket = NULL;

	if (nitro_bytes_equal_text(value, "SSH_AUTH_SOCK"))
		return;
	if (nitro_bytes_equal_text(value, "none")) {
		config->has_no_agent = true;
		return;
	}
	nitro_text_drop(&config->identity_agent);
	/* $NAME, from 7.3 on; ${NAME} is for expand(). */
	if (nitro_bytes_has_prefix(value, "$") &&
	    !nitro_bytes_has_prefix(value, "${") &&
	    nitro_bytes_take(&name, 1, &sign) &&
	    nitro_bytes_to_text(name, text, sizeof text))
		socket = getenv(text);
	config->identity_agent = socket != NULL
				     ? nitro_text_copy(
					   nitro_bytes_of_text(socket))
				     : expand(config, value);
	config->has_no_agent = config->identity_agent == NULL;
}

/*
 * Cut one "key value" line off. Keys are in small letters so far, which those
 * of sshd -T no longer are since OpenSSH 10.6.
 */
static bool
take_setting(struct nitro_bytes *text, struct nitro_bytes *key,
    struct nitro_bytes *value)
{
	struct nitro_bytes line;

	while (text->len > 0) {
		if (!nitro_bytes_take_until(text, '\n', &line)) {
			line = *text;
			*text = (struct nitro_bytes){0};
		}
		*value = line;
		if (nitro_bytes_take_until(value, ' ', key))
			return true;
	}
	return false;
}

static bool
set_text(struct nitro_bytes value, char *out, size_t out_size)
{
	return nitro_bytes_to_text(value, out, out_size);
}

/* What the % tokens need, before any file name is expanded. */
static bool
parse_names(struct nitro_bytes text, struct nitro_ssh_config *config)
{
	struct nitro_bytes key, value;
	bool is_good = true;

	while (is_good && take_setting(&text, &key, &value)) {
		if (nitro_bytes_equal_caseless(key, "user"))
			is_good = set_text(
			    value, config->user, sizeof config->user);
		else if (nitro_bytes_equal_caseless(key, "hostname"))
			is_good = set_text(
			    value, config->hostname, sizeof config->hostname);
		else if (nitro_bytes_equal_caseless(key, "port"))
			is_good = set_text(
			    value, config->port, sizeof config->port);
	}
	return is_good && config->hostname[0] != '\0';
}

bool
nitro_ssh_config_parse(struct nitro_bytes text, struct nitro_ssh_config *config)
{
	struct nitro_bytes key, value;

	if (!parse_names(text, config))
		return false;
	while (take_setting(&text, &key, &value)) {
		if (nitro_bytes_equal_caseless(key, "identityfile"))
			add_identity_file(config, value);
		else if (nitro_bytes_equal_caseless(key, "identityagent"))
			set_identity_agent(config, value);
		else if (nitro_bytes_equal_caseless(key, "identitiesonly"))
			config->is_identities_only = nitro_bytes_equal_text(
			    value, "yes");
		else if (nitro_bytes_equal_caseless(
			     key, "preferredauthentications"))
			config->has_preferred_authentications = true;
	}
	return true;
}

static size_t
word_count(const char *const words[])
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	return n;
}

bool
nitro_ssh_config_read(const char *program, const char *const arguments[],
    struct nitro_ssh_config *config)
{
	const struct nitro_process_options options = {
	    .deadline_ms = SSH_DEADLINE_MS, .output_max = CONFIG_MAX};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	struct nitro_complaint why;
	size_t count = word_count(arguments);
	const char **words = nitro_alloc(count + 3, sizeof *words);
	bool is_run;

	if (words == NULL)
		return false;
	words[0] = program;
	words[1] = "-G";
	for (size_t i = 0; i < count; i++)
		words[i + 2] = arguments[i];
	is_run = nitro_process_run(words, &options, &result, &why);
	nitro_free(words);
	return is_run && nitro_process_succeeded(&result) &&
	       nitro_ssh_config_parse(
		   nitro_bytes_of_buf(&result.output), config);
}

void
nitro_ssh_config_drop(struct nitro_ssh_config *config)
{
	for (size_t i = 0; i < config->identity_file_count; i++)
		nitro_text_drop(&config->identity_files[i]);
	nitro_text_drop(&config->identity_agent);
	*config = (struct nitro_ssh_config){0};
}

/* The digits at the front of *in. */
static bool
take_number(struct nitro_bytes *in, unsigned *value)
{
	struct nitro_bytes digits;
	size_t n = 0;

	while (n < in->len && in->ptr[n] >= '0' && in->ptr[n] <= '9')
		n++;
	return nitro_bytes_take(in, n, &digits) &&
	       nitro_bytes_to_number(digits, value);
}

bool
nitro_ssh_version_knows_askpass_require(struct nitro_bytes text)
{
	struct nitro_bytes before, dot;
	unsigned major, minor;

	if (!nitro_bytes_has_prefix(text, "OpenSSH_"))
		return false;
	return nitro_bytes_take_until(&text, '_', &before) &&
	       take_number(&text, &major) && nitro_bytes_take(&text, 1, &dot) &&
	       dot.ptr[0] == '.' && take_number(&text, &minor) &&
	       (major > 8 || (major == 8 && minor >= 4));
}

bool
nitro_ssh_knows_askpass_require(const char *program)
{
	const char *const argv[] = {program, "-V", NULL};
	const struct nitro_process_options options = {
	    .deadline_ms = SSH_DEADLINE_MS, .output_max = CONFIG_MAX};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	struct nitro_complaint why;

	return nitro_process_run(argv, &options, &result, &why) &&
	       nitro_ssh_version_knows_askpass_require(
		   nitro_bytes_of_buf(&result.errors));
}
