#include "admin/judge/cert_text.h"

#include <stdio.h>
#include <string.h>

#include "admin/printable.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "evidence/cert_facts.h"

/* Whole seconds, as certificates have them. */
static void
second_text(int64_t time_s, char out[NITRO_TIME_TEXT_LEN + 1])
{
	static const char fraction[] = ".000Z";
	size_t len;
	int64_t ms;

	out[0] = '\0';
	if (!__builtin_mul_overflow(time_s, 1000, &ms))
		nitro_time_format(ms, out);
	len = strlen(out);
	if (len < sizeof fraction)
		(void)snprintf(out, NITRO_TIME_TEXT_LEN + 1, "unknown time");
	else
		(void)snprintf(out + len - (sizeof fraction - 1), 2, "Z");
}

static bool
covers(const struct nitro_cert_facts *facts, const struct nitro_document *doc)
{
	int64_t made_s = (int64_t)(doc->timestamp_ms / 1000);

	return facts->not_before_s <= made_s && made_s < facts->not_after_s;
}

static void
print_facts(const struct nitro_cert_facts *facts,
    const struct nitro_document *doc, int indent)
{
	char from[NITRO_TIME_TEXT_LEN + 1], to[NITRO_TIME_TEXT_LEN + 1];
	char fingerprint[NITRO_FINGERPRINT_TEXT_SIZE];

	second_text(facts->not_before_s, from);
	second_text(facts->not_after_s, to);
	nitro_fingerprint_text(facts->sha256, fingerprint);
	printf("%*s%s key, %s", indent, "", facts->key,
	    facts->is_ca ? "authority" : "end entity");
	if (facts->path_len >= 0)
		printf(", path length %ld", facts->path_len);
	printf("\n%*svalid %s to %s%s\n", indent, "", from, to,
	    covers(facts, doc) ? "" : ", NOT at the document's time");
	printf("%*sSHA256 %s\n", indent, "", fingerprint);
}

static void
print_cert(struct nitro_bytes der, const struct nitro_document *doc, int depth)
{
	struct nitro_cert_facts facts;

	if (depth > 0)
		printf("%*s`- ", 2 + 3 * (depth - 1), "");
	else
		printf("  ");
	if (nitro_cert_facts(der, &facts) != NITRO_OK) {
		printf("%zu bytes that are no certificate\n", der.len);
		return;
	}
	printf("%s\n", facts.subject[0] != '\0' ? facts.subject : "(no name)");
	print_facts(&facts, doc, 4 + 3 * depth);
}

void
nitro_print_certs(const struct nitro_document *doc)
{
	int depth = 0;

	printf("certificates, root first\n");
	for (size_t i = 0; i < doc->cabundle_count; i++)
		print_cert(doc->cabundle[i], doc, depth++);
	print_cert(doc->certificate, doc, depth);
}

json_t *
nitro_cert_json(struct nitro_bytes der)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	char from[NITRO_TIME_TEXT_LEN + 1], to[NITRO_TIME_TEXT_LEN + 1];
	struct nitro_cert_facts facts;
	nitro_err err;

	nitro_json_begin(&json);
	nitro_json_set_size(&json, "len", der.len);
	nitro_json_set_hex(&json, "der", der);
	if ((err = nitro_cert_facts(der, &facts)) != NITRO_OK) {
		nitro_json_set_text(&json, "error", nitro_err_token(err));
		return nitro_json_take(&json);
	}
	second_text(facts.not_before_s, from);
	second_text(facts.not_after_s, to);
	nitro_json_set_text(&json, "subject", facts.subject);
	nitro_json_set_text(&json, "issuer", facts.issuer);
	nitro_json_set_text(&json, "not_before", from);
	nitro_json_set_text(&json, "not_after", to);
	nitro_json_set_bool(&json, "is_ca", facts.is_ca);
	nitro_json_set(&json, "path_len",
	    facts.path_len >= 0 ? json_integer(facts.path_len) : json_null());
	nitro_json_set_text(&json, "key", facts.key);
	nitro_json_set_hex(&json, "sha256",
	    (struct nitro_bytes){facts.sha256, sizeof facts.sha256});
	return nitro_json_take(&json);
}
