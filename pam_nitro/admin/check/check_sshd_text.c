#include "admin/check/check_sshd_text.h"

#include <string.h>

void
nitro_sshd_value(
    struct nitro_bytes text, const char *key, char out[NITRO_SSHD_VALUE_SIZE])
{
	struct nitro_bytes line, name;

	out[0] = '\0';
	while (nitro_bytes_take_until(&text, '\n', &line)) {
		if (!nitro_bytes_take_until(&line, ' ', &name) ||
		    !nitro_bytes_equal_caseless(name, key))
			continue;
		if (!nitro_bytes_to_text(line, out, NITRO_SSHD_VALUE_SIZE))
			out[0] = '\0';
		return;
	}
}

bool
nitro_sshd_is(struct nitro_bytes text, const char *key, const char *value)
{
	char actual[NITRO_SSHD_VALUE_SIZE];

	nitro_sshd_value(text, key, actual);
	return strcmp(actual, value) == 0;
}

enum nitro_sshd_lack
nitro_sshd_judge_methods(struct nitro_bytes list)
{
	bool has_key = false, has_more = false, is_last = false;
	struct nitro_bytes method;

	while (!is_last) {
		if (!nitro_bytes_take_until(&list, ',', &method)) {
			method = list;
			is_last = true;
		}
		if (nitro_bytes_equal_text(method, "publickey")) {
			has_key = true;
			continue;
		}
		/* Without a device it is any, and on Linux PAM is the only one. */
		if (nitro_bytes_equal_text(method, "keyboard-interactive"))
			has_more = true;
		else if (!nitro_bytes_equal_text(
			     method, "keyboard-interactive:pam")) {
			has_more = true;
			continue;
		}
		if (!has_key)
			return NITRO_SSHD_LACKS_KEY;
		return has_more || !is_last ? NITRO_SSHD_HAS_MORE
					    : NITRO_SSHD_LACKS_NOTHING;
	}
	return NITRO_SSHD_LACKS_ATTESTATION;
}
