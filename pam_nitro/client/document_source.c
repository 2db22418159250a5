#include "client/document_source.h"

#include <unistd.h>

#include "client/exec_source.h"
#include "client/nsm.h"

static bool
text_has_prefix(const char *text, const char *prefix, const char **rest)
{
	struct nitro_bytes in = nitro_bytes_of_text(text), head;

	if (!nitro_bytes_has_prefix(in, prefix) ||
	    !nitro_bytes_take(&in, nitro_bytes_of_text(prefix).len, &head))
		return false;
	*rest = &text[head.len];
	return true;
}

bool
nitro_document_source_parse(const char *text,
    struct nitro_document_source *source, struct nitro_complaint *why)
{
	char escaped[NITRO_ESCAPED_MAX];
	const char *rest;

	if (text == NULL || text[0] == '\0')
		text = NITRO_SOURCE_DEFAULT;
	if (text_has_prefix(text, "nsm:", &rest) && rest[0] == '/') {
		*source = (struct nitro_document_source){
		    NITRO_SOURCE_NSM, rest};
		return true;
	}
	if (text_has_prefix(text, "exec:", &rest) && rest[0] != '\0') {
		*source = (struct nitro_document_source){
		    NITRO_SOURCE_EXEC, rest};
		return true;
	}
	nitro_text_escape(nitro_bytes_of_text(text), escaped, sizeof escaped);
	return nitro_client_complain(why,
	    "%s is no document source: it must be nsm:/absolute/path or "
	    "exec:COMMAND",
	    escaped);
}

static bool
nsm_check(const char *path, struct nitro_complaint *why)
{
	int fd;

	if (!nitro_nsm_open(path, &fd, why))
		return false;
	(void)close(fd);
	return true;
}

bool
nitro_document_source_check(
    const struct nitro_document_source *source, struct nitro_complaint *why)
{
	switch (source->kind) {
	case NITRO_SOURCE_NSM:
		return nsm_check(source->what, why);
	case NITRO_SOURCE_EXEC:
		return nitro_exec_source_check(source->what, why);
	case NITRO_SOURCE_NONE:
		break;
	}
	return nitro_client_complain(why, "no document source");
}

static bool
nsm_attest(const char *path, const struct nitro_document_request *request,
    struct nitro_buf *document, struct nitro_complaint *why)
{
	bool is_done;
	int fd;

	if (!nitro_nsm_open(path, &fd, why))
		return false;
	is_done = nitro_nsm_attest(
	    fd, path, nitro_nsm_system_call, request, document, why);
	(void)close(fd);
	return is_done;
}

bool
nitro_document_source_attest(const struct nitro_document_source *source,
    const struct nitro_private_folder *folder,
    const struct nitro_document_request *request, struct nitro_buf *document,
    struct nitro_complaint *why)
{
	const struct nitro_exec_source exec = {
	    source->what, NITRO_EXEC_DEADLINE_MS, folder};

	switch (source->kind) {
	case NITRO_SOURCE_NSM:
		return nsm_attest(source->what, request, document, why);
	case NITRO_SOURCE_EXEC:
		return nitro_exec_source_attest(&exec, request, document, why);
	case NITRO_SOURCE_NONE:
		break;
	}
	return nitro_client_complain(why, "no document source");
}
