#include "admin/provenance/question.h"

#include "admin/judge/judgement.h"
#include "admin/provenance/sealed_file.h"

bool
nitro_question_option(
    struct nitro_question *question, int option, const char *value)
{
	struct nitro_provenance_policy *policy = &question->policy;
	const struct {
		int option;
		const char **place;
	} texts[] = {
	    {NITRO_QUESTION_BUNDLE, &question->bundle},
	    {NITRO_QUESTION_ROOT, &question->trusted_root},
	    {NITRO_QUESTION_KEY, &question->key},
	    {NITRO_QUESTION_IDENTITY, &policy->identity},
	    {NITRO_QUESTION_ISSUER, &policy->issuer},
	    {NITRO_QUESTION_REPOSITORY, &policy->source_repository},
	    {NITRO_QUESTION_DIGEST, &policy->source_digest},
	    {NITRO_QUESTION_REPOSITORY_ID, &policy->repository_id},
	    {NITRO_QUESTION_PREDICATE, &policy->predicate_type},
	    {NITRO_QUESTION_NAMESPACE, &policy->namespace},
	};

	if (option == NITRO_QUESTION_NO_LOG) {
		policy->allows_no_log = true;
		return true;
	}
	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		if (texts[i].option == option) {
			*texts[i].place = value;
			return true;
		}
	return false;
}

static bool
has_empty(const struct nitro_question *question)
{
	const struct nitro_provenance_policy *policy = &question->policy;
	const char *const texts[] = {question->bundle, question->trusted_root,
	    question->key, policy->identity, policy->issuer,
	    policy->source_repository, policy->source_digest,
	    policy->repository_id, policy->predicate_type, policy->namespace};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		if (texts[i] != NULL && texts[i][0] == '\0')
			return true;
	return false;
}

const char *
nitro_question_fault(const struct nitro_question *question)
{
	const struct nitro_provenance_policy *policy = &question->policy;

	if (has_empty(question))
		return "an option with an empty text: none means anything";
	if (question->bundle == NULL)
		return "--provenance BUNDLE is missing";
	if (question->key != NULL) {
		if (policy->identity != NULL || policy->issuer != NULL)
			return "--provenance-key stands in place of "
			       "--identity and --issuer";
		return NULL;
	}
	if (policy->namespace != NULL)
		return "--namespace goes with --provenance-key";
	if (policy->identity == NULL || policy->issuer == NULL)
		return "--identity and --issuer are needed, or "
		       "--provenance-key";
	if (question->trusted_root == NULL)
		return "--trusted-root JSON is needed with --identity";
	return NULL;
}

void
nitro_question_files_drop(struct nitro_question_files *files)
{
	nitro_buf_drop(&files->bundle);
	nitro_buf_drop(&files->trusted_root);
	nitro_buf_drop(&files->key);
	nitro_pinned_key_drop(&files->pinned);
}

nitro_err
nitro_question_load(const struct nitro_question *question,
    struct nitro_question_files *files, struct nitro_fault *fault)
{
	const struct {
		const char *path;
		size_t max;
		struct nitro_buf *out;
	} rows[] = {
	    {question->bundle, NITRO_PROVENANCE_BUNDLE_MAX, &files->bundle},
	    {question->trusted_root, NITRO_STRICT_JSON_MAX,
		&files->trusted_root},
	    {question->key, NITRO_PINNED_KEY_MAX, &files->key},
	};
	nitro_err err;

	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		if (rows[i].path == NULL)
			continue;
		err = nitro_plain_file_read(
		    rows[i].path, rows[i].max, rows[i].out, fault);
		if (err != NITRO_OK)
			return err;
		if (rows[i].out->len == 0)
			return nitro_fault_set(fault, NITRO_E_FILE_READ,
			    rows[i].path, 0, "is empty");
	}
	return NITRO_OK;
}

bool
nitro_question_ask(const struct nitro_question *question,
    struct nitro_question_files *files, const struct nitro_artifact *artifact,
    struct nitro_provenance *provenance, struct nitro_trail *trail)
{
	struct nitro_provenance_policy policy = question->policy;
	struct nitro_provenance_request request = {
	    .bundle = nitro_bytes_of_buf(&files->bundle),
	    .trusted_root = nitro_bytes_of_buf(&files->trusted_root),
	    .artifact = artifact,
	    .policy = &policy};

	if (nitro_clock_ms(&request.now_ms) != NITRO_OK)
		return nitro_trail_fail(trail, NITRO_E_CLOCK);
	if (policy.namespace == NULL)
		policy.namespace = NITRO_SSHSIG_NAMESPACE;
	if (question->key != NULL) {
		nitro_pinned_key_drop(&files->pinned);
		if (!nitro_pinned_key_parse(
			nitro_bytes_of_buf(&files->key), &files->pinned, trail))
			return false;
		policy.key = &files->pinned;
	}
	return nitro_provenance_verify(&request, provenance, trail);
}
