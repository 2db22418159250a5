/*
 * Settings of one file by libconfig, read strictly. Private to policy/.
 *
 * Every getter takes the group and the key. A key that is absent leaves the
 * output as it was; a value of another type or out of its limits is refused
 * with the line. Text that is handed out is a copy; release it with
 * nitro_free().
 *
 * The error of every function is source->err, or NITRO_E_MEMORY; the fault
 * is then filled.
 */
#ifndef NITRO_POLICY_CONFIG_READER_H
#define NITRO_POLICY_CONFIG_READER_H

#include <libconfig.h>

#include "base/bytes.h"
#include "policy/config_text.h"

#define NITRO_CONFIG_TEXT_MAX 1000  /* bytes of a string */
#define NITRO_CONFIG_NAMES_MAX 1000 /* names in one list */

struct nitro_config {
	struct nitro_config_source source;
	struct nitro_fault *fault;
	config_t tree;
};

struct nitro_config_range {
	int min, max;
};

/* A string that stands in the file, and where. */
struct nitro_config_value {
	const char *text;
	const config_setting_t *at;
};

/*
 * Check the text by nitro_config_text_check() and hand it to libconfig.
 * config  filled on success, released by nitro_config_close(), and not to be
 *         moved; it borrows source->path and fault. On error it holds nothing.
 */
NITRO_MUST_CHECK nitro_err nitro_config_open(
    const struct nitro_config_source *source, struct nitro_fault *fault,
    struct nitro_config *config);
void nitro_config_close(struct nitro_config *config);

const config_setting_t *nitro_config_root(const struct nitro_config *config);

/* Fill the fault with the line of a setting, and return its reason. */
__attribute__((format(printf, 3, 4))) nitro_err nitro_config_refuse(
    const struct nitro_config *config, const config_setting_t *at,
    const char *format, ...);

/* The same for want of memory. */
nitro_err nitro_config_no_memory(
    const struct nitro_config *config, const config_setting_t *at);

/*
 * Element i (from 0) of a list or group that has more than i. NULL where it
 * cannot be had, after *err and the fault have been set.
 */
NITRO_MUST_CHECK const config_setting_t *nitro_config_element(
    const struct nitro_config *config, const config_setting_t *at, size_t i,
    nitro_err *err);

/* at is a group (braces), and each of its members is one of count known keys. */
NITRO_MUST_CHECK nitro_err nitro_config_check_group(
    const struct nitro_config *config, const config_setting_t *at,
    const char *const *known, size_t count);

/*
 * A string of 0..NITRO_CONFIG_TEXT_MAX bytes, which borrows from config;
 * value->text is NULL where the key is absent.
 */
NITRO_MUST_CHECK nitro_err nitro_config_string(
    const struct nitro_config *config, const config_setting_t *group,
    const char *key, struct nitro_config_value *value);

/* 1..NITRO_CONFIG_TEXT_MAX bytes. */
NITRO_MUST_CHECK nitro_err nitro_config_text(const struct nitro_config *config,
    const config_setting_t *group, const char *key, char **out);

/* 1..NITRO_NAME_MAX of [A-Za-z0-9._@+-], not beginning with "-". */
NITRO_MUST_CHECK nitro_err nitro_config_name(const struct nitro_config *config,
    const config_setting_t *group, const char *key, char **out);

/* A path by nitro_secure_path_is_valid(). */
NITRO_MUST_CHECK nitro_err nitro_config_path(const struct nitro_config *config,
    const config_setting_t *group, const char *key, char **out);

NITRO_MUST_CHECK nitro_err nitro_config_number(
    const struct nitro_config *config, const config_setting_t *group,
    const char *key, struct nitro_config_range range, int *out);

NITRO_MUST_CHECK nitro_err nitro_config_bool(const struct nitro_config *config,
    const config_setting_t *group, const char *key, bool *out);

/* One of the words, up to a NULL; *out is its index. */
NITRO_MUST_CHECK nitro_err nitro_config_choice(
    const struct nitro_config *config, const config_setting_t *group,
    const char *key, const char *const *words, unsigned *out);

/*
 * One string, or a list of 1..NITRO_CONFIG_NAMES_MAX strings: how many they
 * are, and number i of them (from 0), which borrows from config and has the
 * line of the list.
 */
NITRO_MUST_CHECK nitro_err nitro_config_count(const struct nitro_config *config,
    const config_setting_t *at, size_t *count);
NITRO_MUST_CHECK nitro_err nitro_config_value(const struct nitro_config *config,
    const config_setting_t *at, size_t i, struct nitro_config_value *value);

/*
 * A list in parentheses; *list stays NULL where the key is absent. Its
 * elements are for nitro_config_check_group() to judge.
 */
NITRO_MUST_CHECK nitro_err nitro_config_list(const struct nitro_config *config,
    const char *key, const config_setting_t **list);

/* True for what nitro_config_name() takes. */
bool nitro_config_is_name(const char *text);

#endif
