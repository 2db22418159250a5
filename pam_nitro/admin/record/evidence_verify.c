#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/json_text.h"
#include "admin/judge/judgement.h"
#include "admin/printable.h"
#include "admin/record/evidence.h"
#include "admin/record/record_judgement.h"

enum { JSON = 1, TRUST_ANCHORS, WORKERS_MAX = 64, TICK_MS = 100 };

static const struct option options[] = {
    NITRO_PLACE_OPTIONS,
    {"trust-anchors", required_argument, NULL, TRUST_ANCHORS},
    {"json", no_argument, NULL, JSON},
    {0},
};

struct request {
	struct nitro_place place;
	struct nitro_inquiry inquiry;
	struct nitro_grounds grounds;
	bool wants_json;
};

static void
drop_request(struct request *request)
{
	nitro_grounds_drop(&request->grounds);
	nitro_place_drop(&request->place);
}

/*
 * Shared by the processes that judge. Each takes the next record that nobody
 * has taken; a record that ends its process is lost alone.
 */
struct work {
	size_t next, done;
	struct nitro_record_verdict verdict[];
};

struct shared {
	struct work *work;
	size_t size;
};

static void
drop_shared(struct shared *shared)
{
	if (shared->work != NULL)
		(void)munmap(shared->work, shared->size);
}

static bool
make_shared(size_t count, struct shared *shared)
{
	size_t size = sizeof(struct work) +
		      count * sizeof(struct nitro_record_verdict);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return false;
	*shared = (struct shared){at, size};
	return true;
}

static void
judge_one(const struct request *request, const char *name,
    struct nitro_record_verdict *verdict)
{
	NITRO_DROP(nitro_evidence_record_drop)
	struct nitro_evidence_record record = {0};
	struct nitro_record_verdict judged = {0};
	struct nitro_fault fault = {0};

	if (nitro_evidence_store_read(request->place.evidence.directory, name,
		&record, &fault) == NITRO_OK) {
		nitro_record_judge(&record, request->grounds.anchors, &judged);
	} else {
		(void)snprintf(judged.reason, sizeof judged.reason, "%s",
		    NITRO_RECORD_UNREADABLE);
		(void)snprintf(
		    judged.why, sizeof judged.why, "%.199s", fault.text);
	}
	*verdict = judged;
}

static void
judge_some(const struct request *request,
    const struct nitro_evidence_list *list, struct work *work)
{
	size_t i;

	while ((i = __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED)) <
	       list->count) {
		judge_one(request, nitro_evidence_list_at(list, i)->name,
		    &work->verdict[i]);
		(void)__atomic_fetch_add(&work->done, 1, __ATOMIC_RELAXED);
	}
}

static size_t
worker_count(size_t records)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = cores > 0 ? (size_t)cores : 1;

	if (count > WORKERS_MAX)
		count = WORKERS_MAX;
	return count < records ? count : records;
}

static void
show_progress(const struct work *work, size_t total)
{
	size_t done = __atomic_load_n(&work->done, __ATOMIC_RELAXED);

	if (isatty(STDERR_FILENO) != 1)
		return;
	(void)fprintf(stderr, "\rjudging %zu of %zu records", done, total);
	if (done == total)
		(void)fprintf(stderr, "\r%48s\r", "");
}

/* Until all of them have ended; their work is in the shared memory. */
static void
wait_for(pid_t *workers, size_t count, const struct work *work, size_t total)
{
	size_t left = count;

	while (left > 0) {
		left = 0;
		for (size_t w = 0; w < count; w++) {
			if (workers[w] > 0 &&
			    waitpid(workers[w], NULL, WNOHANG) == 0)
				left++;
			else
				workers[w] = 0;
		}
		show_progress(work, total);
		if (left > 0)
			(void)poll(NULL, 0, TICK_MS);
	}
}

/* What no other process could be had for, this one does. */
static void
judge_all(const struct request *request, const struct nitro_evidence_list *list,
    struct work *work)
{
	pid_t workers[WORKERS_MAX];
	size_t count = worker_count(list->count), made = 0;

	(void)fflush(stdout);
	while (made < count && (workers[made] = fork()) > 0)
		made++;
	if (made < count && workers[made] == 0) {
		judge_some(request, list, work);
		_exit(0);
	}
	if (made == 0)
		judge_some(request, list, work);
	wait_for(workers, made, work, list->count);
}

/* A record whose process was ended has no verdict at all. */
static void
tell_lost(struct work *work, size_t count)
{
	struct nitro_record_verdict *verdict;

	for (size_t i = 0; i < count; i++) {
		verdict = &work->verdict[i];
		if (verdict->reason[0] != '\0')
			continue;
		verdict->stands = false;
		(void)snprintf(
		    verdict->reason, sizeof verdict->reason, "not_judged");
		(void)snprintf(verdict->why, sizeof verdict->why,
		    "the process that judged it was ended");
	}
}

static size_t
count_fallen(const struct work *work, size_t count)
{
	size_t fallen = 0;

	for (size_t i = 0; i < count; i++)
		fallen += work->verdict[i].stands ? 0 : 1;
	return fallen;
}

static void
print_text(const struct nitro_evidence_list *list, const struct work *work)
{
	const struct nitro_record_verdict *verdict;
	size_t fallen = count_fallen(work, list->count);

	for (size_t i = 0; i < list->count; i++) {
		verdict = &work->verdict[i];
		if (verdict->stands)
			continue;
		nitro_print_word(NITRO_TONE_BAD, 8, "FAILED");
		printf("%s\n%*s%s: %s\n", nitro_evidence_list_at(list, i)->name,
		    8, "", verdict->reason, verdict->why);
	}
	printf("%zu records judged, %zu stand, %zu do not\n", list->count,
	    list->count - fallen, fallen);
}

static json_t *
verdict_json(const struct nitro_evidence_entry *entry,
    const struct nitro_record_verdict *verdict)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};

	nitro_json_begin(&json);
	nitro_json_set_text(&json, "file", entry->name);
	nitro_json_set_text(&json, "reference", entry->reference);
	nitro_json_set_text(&json, "reason", verdict->reason);
	nitro_json_set_text(&json, "why", verdict->why);
	return nitro_json_take(&json);
}

static bool
print_json(const struct nitro_evidence_list *list, const struct work *work)
{
	NITRO_DROP(nitro_json_drop) struct nitro_json json = {0};
	json_auto_t *failed = json_array();
	size_t fallen = count_fallen(work, list->count);

	nitro_json_begin(&json);
	for (size_t i = 0; i < list->count; i++)
		if (!work->verdict[i].stands &&
		    json_array_append_new(
			failed, verdict_json(nitro_evidence_list_at(list, i),
				    &work->verdict[i])) != 0)
			return false;
	nitro_json_set_text(&json, "result", fallen == 0 ? "ok" : "findings");
	nitro_json_set_size(&json, "records", list->count);
	nitro_json_set_size(&json, "stand", list->count - fallen);
	nitro_json_set(&json, "failed", json_incref(failed));
	return nitro_json_print(&json);
}

static enum nitro_exit
judge_and_tell(
    const struct request *request, const struct nitro_evidence_list *list)
{
	NITRO_DROP(drop_shared) struct shared shared = {0};

	if (!make_shared(list->count, &shared)) {
		nitro_complain("%s", nitro_err_sentence(NITRO_E_MEMORY));
		return NITRO_EXIT_USAGE;
	}
	judge_all(request, list, shared.work);
	tell_lost(shared.work, list->count);
	if (!request->wants_json)
		print_text(list, shared.work);
	else if (!print_json(list, shared.work)) {
		nitro_complain("%s", nitro_err_sentence(NITRO_E_MEMORY));
		return NITRO_EXIT_USAGE;
	}
	return count_fallen(shared.work, list->count) == 0 ? NITRO_EXIT_YES
							   : NITRO_EXIT_REFUSED;
}

/* The settings name the roots too, unless the caller does. */
static enum nitro_exit
verify(struct request *request)
{
	NITRO_DROP(nitro_evidence_list_drop)
	struct nitro_evidence_list list = {0};
	struct nitro_fault fault = {0};

	if (nitro_place_load(&request->place, &fault) != NITRO_OK)
		return nitro_evidence_fail(&fault);
	if (request->inquiry.trust_anchors == NULL)
		request->inquiry.trust_anchors =
		    request->place.settings.trust_anchors;
	if (nitro_grounds_load(&request->inquiry, &request->grounds, &fault) !=
	    NITRO_OK) {
		nitro_complain_fault(&fault);
		return NITRO_EXIT_USAGE;
	}
	if (nitro_evidence_store_list(
		request->place.evidence.directory, &list, &fault) != NITRO_OK)
		return nitro_evidence_fail(&fault);
	return judge_and_tell(request, &list);
}

static enum nitro_exit
run(int argc, char **argv)
{
	NITRO_DROP(drop_request) struct request request = {0};
	const struct nitro_command *self = &nitro_command_evidence_verify;
	int option;

	while ((option = nitro_command_option(self, argc, argv, options)) !=
	       NITRO_OPTION_END) {
		if (option == NITRO_OPTION_HELP)
			return NITRO_EXIT_YES;
		if (option == JSON)
			request.wants_json = true;
		else if (option == TRUST_ANCHORS)
			request.inquiry.trust_anchors = optarg;
		else if (!nitro_place_option(&request.place, option, optarg))
			return NITRO_EXIT_USAGE;
	}
	if (nitro_command_operands(self, argc, argv, 0) == NULL)
		return NITRO_EXIT_USAGE;
	return verify(&request);
}

const struct nitro_command nitro_command_evidence_verify = {
    .name = "evidence verify",
    .arguments = "[--config FILE | --directory DIR] [--trust-anchors PEM] "
		 "[--json]",
    .summary = "Judge every recorded login again, on all cores",
    .help = "Chain and signature of each document at its own time, and nonce,\n"
	    "audience, key, age and names as they were recorded. Whether\n"
	    "today's measurements would still admit it is another question:\n"
	    "see pam-nitro explain.\n\n" NITRO_PLACE_HELP
	    "  --trust-anchors PEM  roots, else those of the settings\n"
	    "  --json           print one JSON object\n\n"
	    "Exit status: 0 every record stands, 1 some do not, 2 usage,\n"
	    "configuration or an unsafe store.\n",
    .run = run,
};
