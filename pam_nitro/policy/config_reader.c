#include "policy/config_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/nearest.h"
#include "policy/secure_file.h"
#include "policy/settings.h"

/*
 * libconfig does not look at what malloc returns, and its scanner ends the
 * process without memory. So what it will need is asked for beforehand.
 */
static bool
has_room(size_t text_len, size_t token_count)
{
	void *probe;

	/* Tokens are bytes of the text, so that no sum wraps. */
	if (text_len > NITRO_FILE_MAX)
		return false;
	probe = nitro_alloc(3 * text_len + 65536 + token_count * 128, 1);
	nitro_free(probe);
	return probe != NULL;
}

/* With the line end that the scanner needs to see a comment in the last line. */
static nitro_err
copy_text(struct nitro_bytes text, struct nitro_buf *copy)
{
	bool is_ended = text.len > 0 && text.ptr[text.len - 1] == '\n';
	nitro_err err;

	if ((err = nitro_buf_reserve(copy, text.len + 2)) != NITRO_OK ||
	    (err = nitro_buf_append(copy, text)) != NITRO_OK ||
	    (err = nitro_buf_append_text(copy, is_ended ? "" : "\n")) !=
		NITRO_OK)
		return err;
	return nitro_buf_append_byte(copy, '\0');
}

static nitro_err
refuse_syntax(const struct nitro_config *config)
{
	const char *text = config_error_text(&config->tree);
	int line = config_error_line(&config->tree);

	return nitro_fault_set(config->fault, config->source.err,
	    config->source.path, line > 0 ? (unsigned)line : 0,
	    "%s, here or just before; is a quote, comma or semicolon missing?",
	    text != NULL ? text : "syntax error");
}

nitro_err
nitro_config_open(const struct nitro_config_source *source,
    struct nitro_fault *fault, struct nitro_config *config)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf copy = {0};
	size_t token_count;
	nitro_err err;

	*config = (struct nitro_config){.source = *source, .fault = fault};
	err = nitro_config_text_check(source, &token_count, fault);
	if (err != NITRO_OK)
		return err;
	if (!has_room(source->text.len, token_count) ||
	    copy_text(source->text, &copy) != NITRO_OK)
		return nitro_config_no_memory(config, NULL);

	/* In place: libconfig's settings keep the address of their config_t. */
	config_init(&config->tree);
	if (config_read_string(&config->tree, (const char *)copy.ptr) !=
	    CONFIG_TRUE) {
		err = refuse_syntax(config);
		nitro_config_close(config);
		return err;
	}
	return NITRO_OK;
}

void
nitro_config_close(struct nitro_config *config)
{
	if (config->tree.root != NULL)
		config_destroy(&config->tree);
	*config = (struct nitro_config){0};
}

const config_setting_t *
nitro_config_root(const struct nitro_config *config)
{
	return config_root_setting(&config->tree);
}

nitro_err
nitro_config_refuse(const struct nitro_config *config,
    const config_setting_t *at, const char *format, ...)
{
	char text[sizeof config->fault->text];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return nitro_fault_set(config->fault, config->source.err,
	    config->source.path,
	    at != NULL ? config_setting_source_line(at) : 0, "%s", text);
}

nitro_err
nitro_config_no_memory(
    const struct nitro_config *config, const config_setting_t *at)
{
	return nitro_fault_set(config->fault, NITRO_E_MEMORY,
	    config->source.path,
	    at != NULL ? config_setting_source_line(at) : 0,
	    "no memory to read it");
}

static bool
is_one_of(const char *key, const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

const config_setting_t *
nitro_config_element(const struct nitro_config *config,
    const config_setting_t *at, size_t i, nitro_err *err)
{
	const config_setting_t *found = config_setting_get_elem(
	    at, (unsigned)i);

	if (found == NULL)
		*err = nitro_config_refuse(
		    config, at, "its element %zu cannot be read", i + 1);
	return found;
}

nitro_err
nitro_config_check_group(const struct nitro_config *config,
    const config_setting_t *at, const char *const *known, size_t count)
{
	const config_setting_t *member;
	nitro_err err = NITRO_E_INTERNAL;
	int n;

	/*
	 * libconfig gives a plain value within a list the line of what comes
	 * after it; the list begins where it says.
	 */
	if (!config_setting_is_group(at))
		return nitro_config_refuse(config,
		    config_setting_is_aggregate(at) ? at
						    : config_setting_parent(at),
		    "a group { key = value; ... } must stand here");
	n = config_setting_length(at);
	for (int i = 0; i < n; i++) {
		member = nitro_config_element(config, at, (size_t)i, &err);
		if (member == NULL)
			return err;
		if (!is_one_of(config_setting_name(member), known, count))
			return nitro_config_refuse(config, member,
			    "unknown setting \"%.64s\"; the nearest known one "
			    "is \"%s\"",
			    config_setting_name(member),
			    nitro_nearest(
				config_setting_name(member), known, count));
	}
	return NITRO_OK;
}

bool
nitro_config_is_name(const char *text)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz"
				  "0123456789._@+-";
	size_t len = strlen(text);

	return len >= 1 && len <= NITRO_NAME_MAX && text[0] != '-' &&
	       strspn(text, set) == len;
}

nitro_err
nitro_config_string(const struct nitro_config *config,
    const config_setting_t *group, const char *key,
    struct nitro_config_value *value)
{
	const config_setting_t *at = config_setting_get_member(group, key);
	const char *text;

	*value = (struct nitro_config_value){0};
	if (at == NULL)
		return NITRO_OK;
	if (config_setting_type(at) != CONFIG_TYPE_STRING)
		return nitro_config_refuse(
		    config, at, "%s must be text in quotes", key);
	text = config_setting_get_string(at);
	if (text == NULL || strlen(text) > NITRO_CONFIG_TEXT_MAX)
		return nitro_config_refuse(config, at,
		    "%s has more than %d bytes", key, NITRO_CONFIG_TEXT_MAX);
	*value = (struct nitro_config_value){.at = at, .text = text};
	return NITRO_OK;
}

static nitro_err
copy_value(const struct nitro_config *config,
    const struct nitro_config_value *value, char **out)
{
	char *copy = nitro_text_copy(nitro_bytes_of_text(value->text));

	if (copy == NULL)
		return nitro_config_no_memory(config, value->at);
	*out = copy;
	return NITRO_OK;
}

nitro_err
nitro_config_text(const struct nitro_config *config,
    const config_setting_t *group, const char *key, char **out)
{
	struct nitro_config_value value = {0};
	nitro_err err;

	err = nitro_config_string(config, group, key, &value);
	if (value.text == NULL)
		return err;
	if (value.text[0] == '\0')
		return nitro_config_refuse(
		    config, value.at, "%s is empty; leave it out", key);
	return copy_value(config, &value, out);
}

nitro_err
nitro_config_name(const struct nitro_config *config,
    const config_setting_t *group, const char *key, char **out)
{
	struct nitro_config_value value = {0};
	nitro_err err;

	err = nitro_config_string(config, group, key, &value);
	if (value.text == NULL)
		return err;
	if (!nitro_config_is_name(value.text))
		return nitro_config_refuse(config, value.at,
		    "%s must be a name: 1 to %d letters, digits or . _ @ + -",
		    key, NITRO_NAME_MAX);
	return copy_value(config, &value, out);
}

nitro_err
nitro_config_path(const struct nitro_config *config,
    const config_setting_t *group, const char *key, char **out)
{
	struct nitro_config_value value = {0};
	nitro_err err;

	err = nitro_config_string(config, group, key, &value);
	if (value.text == NULL)
		return err;
	if (!nitro_secure_path_is_valid(value.text))
		return nitro_config_refuse(config, value.at,
		    "%s must be an absolute path of at most %d bytes, without "
		    "\"//\", \".\" and \"..\"",
		    key, NITRO_PATH_MAX);
	return copy_value(config, &value, out);
}

nitro_err
nitro_config_number(const struct nitro_config *config,
    const config_setting_t *group, const char *key,
    struct nitro_config_range range, int *out)
{
	const config_setting_t *at = config_setting_get_member(group, key);
	int value;

	if (at == NULL)
		return NITRO_OK;
	if (config_setting_type(at) != CONFIG_TYPE_INT)
		return nitro_config_refuse(config, at,
		    "%s must be a whole number without quotes", key);
	value = config_setting_get_int(at);
	if (value < range.min || value > range.max)
		return nitro_config_refuse(config, at,
		    "%s is %d; it must be %d to %d", key, value, range.min,
		    range.max);
	*out = value;
	return NITRO_OK;
}

nitro_err
nitro_config_bool(const struct nitro_config *config,
    const config_setting_t *group, const char *key, bool *out)
{
	const config_setting_t *at = config_setting_get_member(group, key);

	if (at == NULL)
		return NITRO_OK;
	if (config_setting_type(at) != CONFIG_TYPE_BOOL)
		return nitro_config_refuse(config, at,
		    "%s must be true or false, without quotes", key);
	*out = config_setting_get_bool(at) == CONFIG_TRUE;
	return NITRO_OK;
}

nitro_err
nitro_config_choice(const struct nitro_config *config,
    const config_setting_t *group, const char *key, const char *const *words,
    unsigned *out)
{
	struct nitro_config_value value = {0};
	unsigned i = 0;
	nitro_err err;

	err = nitro_config_string(config, group, key, &value);
	if (value.text == NULL)
		return err;
	while (words[i] != NULL && strcmp(words[i], value.text) != 0)
		i++;
	if (words[i] == NULL)
		return nitro_config_refuse(config, value.at,
		    "%s is \"%.64s\"; the nearest that it can be is \"%s\"",
		    key, value.text, nitro_nearest(value.text, words, i));
	*out = i;
	return NITRO_OK;
}

nitro_err
nitro_config_count(const struct nitro_config *config,
    const config_setting_t *at, size_t *count)
{
	int n;

	if (config_setting_type(at) == CONFIG_TYPE_STRING) {
		*count = 1;
		return NITRO_OK;
	}
	if (!config_setting_is_array(at) && !config_setting_is_list(at))
		return nitro_config_refuse(config, at,
		    "%s must be text in quotes, or a list of such in [ ]",
		    config_setting_name(at));
	n = config_setting_length(at);
	if (n < 1 || n > NITRO_CONFIG_NAMES_MAX)
		return nitro_config_refuse(config, at,
		    "%s is a list of %d; it must have 1 to %d elements",
		    config_setting_name(at), n, NITRO_CONFIG_NAMES_MAX);
	*count = (size_t)n;
	return NITRO_OK;
}

nitro_err
nitro_config_value(const struct nitro_config *config,
    const config_setting_t *at, size_t i, struct nitro_config_value *value)
{
	const config_setting_t *element = at;
	const char *text;

	if (config_setting_type(at) != CONFIG_TYPE_STRING)
		element = config_setting_get_elem(at, (unsigned)i);
	/* Of another type it gives none. */
	if (element == NULL ||
	    (text = config_setting_get_string(element)) == NULL)
		return nitro_config_refuse(config, at,
		    "element %zu of %s must be text in quotes", i + 1,
		    config_setting_name(at));
	*value = (struct nitro_config_value){text, at};
	return NITRO_OK;
}

nitro_err
nitro_config_list(const struct nitro_config *config, const char *key,
    const config_setting_t **list)
{
	const config_setting_t *at = config_setting_get_member(
	    nitro_config_root(config), key);

	if (at != NULL && !config_setting_is_list(at))
		return nitro_config_refuse(config, at,
		    "%s must be a list of groups: ( { ... }, { ... } )", key);
	*list = at;
	return NITRO_OK;
}
