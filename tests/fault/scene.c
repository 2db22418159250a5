#include "fault/scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/evidence_folder.h"

/* Somebody that every host has, and a group that this one gets for the test. */
#define MEMBER "daemon"
#define GROUP_FILE "/etc/group"
#define GROUP "pam-nitro-fault"
#define DAY_S 86400
#define TALLY_MAX 4096
#define OLD_RECORD "20200101T000000.000Z-00000000-allow.evidence"
#define OLD_UNFINISHED NITRO_EVIDENCE_UNFINISHED "00"

void (*scene_on_prompt)(void);
void (*scene_on_answer)(void);

static const struct stack *the_stack;
static bool has_group;
static struct sim_pki stranger, expired;
static struct {
	char name[32];
	char tally[TALLY_MAX];
	size_t tally_len;
} workers[SCENE_WORKERS_MAX];

static void
demand(bool is_so, const char *what)
{
	if (is_so)
		return;
	perror(what);
	abort();
}

static void
other_code(struct client *client, struct sim_document *doc)
{
	(void)client;
	doc->pcr[0][0] ^= 1;
}

static void
debug_mode(struct client *client, struct sim_document *doc)
{
	(void)client;
	sim_document_debug(doc);
}

static void
other_nonce(struct client *client, struct sim_document *doc)
{
	static const uint8_t other[32] = {1};

	(void)client;
	doc->nonce = (struct nitro_bytes){other, sizeof other};
}

static bool
broken_signature(struct client *client, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	if (!sim_attest(client->pki, doc, evidence))
		return false;
	evidence->ptr[evidence->len - 1] ^= 1;
	return true;
}

/* In several parts, and CBOR for a while. */
static bool
junk(struct client *client, const struct sim_document *doc,
    struct nitro_buf *evidence)
{
	if (!sim_attest(client->pki, doc, evidence))
		return false;
	memset(&evidence->ptr[evidence->len / 2], 0xff, evidence->len / 4);
	return true;
}

/*
 * The first six have every allocation fail. The others differ from them in
 * what comes after the verdict, or in little.
 */
static const struct scene all[] = {
    {.name = "allowed enclave", .has_new_files = true},
    {.name = "chain of a stranger",
	.expected = NITRO_E_ROOT,
	.is_stranger = true},
    {.name = "stale document",
	.expected = NITRO_E_TOO_OLD,
	.client.ahead_ms = -3600000},
    {.name = "other nonce",
	.expected = NITRO_E_NONCE,
	.client.edit = other_nonce},
    {.name = "junk", .expected = NITRO_E_CBOR, .client.make = junk},
    {.name = "broken signature",
	.expected = NITRO_E_COSE_SIG,
	.client.make = broken_signature},
    {.name = "allowed NitroTPM, folder of measurements",
	.user = "instance",
	.is_nitrotpm = true,
	.has_folder = true,
	.has_new_files = true,
	.memory_step = 13},
    {.name = "other PCRs, store",
	.expected = NITRO_E_PCR,
	.client.edit = other_code,
	.store = STORE_FULL,
	.memory_step = 13},
    {.name = "expired leaf",
	.expected = NITRO_E_CERT_TIME,
	.is_expired = true,
	.memory_step = 13},
    {.name = "debug mode, listed by group",
	.user = MEMBER,
	.is_member = true,
	.expected = NITRO_E_DEBUG,
	.client.edit = debug_mode,
	.memory_step = 13},
    {.name = "user in no rule",
	.user = "nobody",
	.expected = NITRO_E_USER,
	.is_unlisted = true,
	.memory_step = 13},
    {.name = "allowed by group",
	.user = MEMBER,
	.is_member = true,
	.memory_step = 13},
    {.name = "allowed enclave, full store",
	.store = STORE_FULL,
	.has_new_files = true,
	.memory_step = 13},
    {.name = "allowed enclave, store with a tally",
	.store = STORE_TALLY,
	.memory_step = 13},
    {.name = "allowed enclave, store not made yet",
	.store = STORE_MISSING,
	.memory_step = 13},
};

const struct scene *
scenes(size_t *count)
{
	*count = NITRO_COUNT_OF(all);
	return all;
}

static void
worker_file(unsigned worker, const char *what, char name[64])
{
	(void)snprintf(name, 64, "%s%u", what, worker);
}

/* PAM_IGNORE of the module would show as a login. */
static void
write_service(const struct stack *stack, unsigned worker)
{
	char text[512];

	(void)snprintf(workers[worker].name, sizeof workers[worker].name,
	    "fault%u", worker);
	(void)snprintf(text, sizeof text,
	    "auth required & config=~/settings%u\n"
	    "auth required pam_permit.so\n"
	    "account required & config=~/settings%u\n"
	    "account required pam_permit.so\n",
	    worker, worker);
	stack_service(stack, workers[worker].name, text);
}

/*
 * In a mount namespace of our own, the group of which MEMBER is one. False
 * where that cannot be had.
 */
static bool
add_group(const struct stack *stack)
{
	char text[65536], path[PATH_MAX];
	FILE *file = fopen(GROUP_FILE, "r");
	size_t len = file != NULL ? fread(text, 1, sizeof text - 256, file) : 0;

	if (file != NULL)
		(void)fclose(file);
	(void)snprintf(
	    &text[len], sizeof text - len, GROUP ":x:64999:" MEMBER "\n");
	stack_write_bytes(stack, "group", nitro_bytes_of_text(text));
	stack_path(stack, "group", path);
	return len > 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(path, GROUP_FILE, NULL, MS_BIND, NULL) == 0;
}

bool
scene_is_possible(const struct scene *scene)
{
	return has_group || !scene->is_member;
}

void
scenes_begin(struct stack *stack, unsigned count)
{
	const struct sim_options options = {.time_s = (int64_t)time(NULL)};
	char path[PATH_MAX];

	the_stack = stack;
	has_group = add_group(stack);
	demand(sim_pki_make(&options, &stranger), "a stranger");
	stack_pki_at(stack, -DAY_S, &expired);
	for (unsigned i = 0; i < count; i++)
		write_service(stack, i);
	stack_path(stack, "measurements.d", path);
	demand(mkdir(path, 0755) == 0, path);
	stack_write(stack, "measurements.d/all.conf", stack_measurements_text);
	stack_write(stack, "measurements.d/more.conf",
	    "measurements = ({ workload = \"ledger\"; kind = \"enclave\";\n"
	    "  signing_certificate = \"~/root.pem\";\n"
	    "  iam_role = \"arn:aws:iam::123456789012:role/ledger\"; });\n"
	    "revoked = ({ instance_id = \"i-0aaaaaaaaaaaaaaaa\"; "
	    "reason = \"gone\"; });\n");
}

void
scenes_end(void)
{
	sim_pki_drop(&stranger);
	sim_pki_drop(&expired);
}

static void
store_path(
    const struct stack *stack, unsigned worker, const char *name, char *path)
{
	char folder[64], full[PATH_MAX];

	worker_file(worker, "evidence", folder);
	stack_path(stack, folder, full);
	demand(snprintf(path, PATH_MAX, "%s%s%s", full,
		   name[0] != '\0' ? "/" : "", name) < PATH_MAX,
	    name);
}

void
scene_begin(const struct scene *scene, struct stack *stack, unsigned worker)
{
	char name[64], text[4096];

	(void)snprintf(text, sizeof text,
	    "server_name = \"%s\";\n"
	    "measurements = \"~/measurements.%s\";\n"
	    "trust_anchors = \"~/root.pem\"; audience = true;\n"
	    "users = ({ user = \"deploy\"; workloads = [\"billing\"]; },\n"
	    "%s"
	    "  { group = \"root\"; workloads = [\"billing\", \"ledger\"]; },\n"
	    "  { user = \"instance\"; workloads = [\"ledger\"]; });\n",
	    scene->has_folder ? "" : STACK_SERVER_NAME,
	    scene->has_folder ? "d" : "conf",
	    scene->is_member ? "{ group = \"" GROUP
			       "\"; workloads = [\"billing\"]; },\n"
			     : "");
	if (scene->store != STORE_NONE)
		(void)snprintf(&text[strlen(text)], sizeof text - strlen(text),
		    "evidence = { directory = \"~/evidence%u\"; "
		    "required = true; };\n",
		    worker);
	worker_file(worker, "settings", name);
	stack_write(stack, name, text);
	workers[worker].tally_len = 0;
}

static void
write_file(const char *path, const char *bytes, size_t len)
{
	const struct timespec long_ago[2] = {{1, 0}, {1, 0}};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	demand(fd >= 0 && write(fd, bytes, len) == (ssize_t)len, path);
	demand(futimens(fd, long_ago) == 0 && close(fd) == 0, path);
}

static void
empty_store(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			demand(unlinkat(dirfd(folder), entry->d_name, 0) == 0,
			    entry->d_name);
	demand(closedir(folder) == 0, path);
}

void
scene_reset(
    const struct scene *scene, const struct stack *stack, unsigned worker)
{
	char path[PATH_MAX];

	if (scene->store == STORE_NONE)
		return;
	store_path(stack, worker, "", path);
	empty_store(path);
	if (scene->store == STORE_MISSING) {
		(void)rmdir(path);
		return;
	}
	(void)mkdir(path, 0700);
	if (scene->store == STORE_TALLY) {
		store_path(stack, worker, ".lock", path);
		write_file(
		    path, workers[worker].tally, workers[worker].tally_len);
		return;
	}
	store_path(stack, worker, OLD_RECORD, path);
	write_file(path, "old", 3);
	store_path(stack, worker, OLD_UNFINISHED, path);
	write_file(path, "old", 3);
}

void
scene_keep_tally(
    const struct scene *scene, const struct stack *stack, unsigned worker)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	if (scene->store != STORE_TALLY)
		return;
	store_path(stack, worker, ".lock", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	demand(fd >= 0, path);
	n = read(fd, workers[worker].tally, TALLY_MAX);
	demand(n > 0 && close(fd) == 0, path);
	workers[worker].tally_len = (size_t)n;
}

static int
answer_whole(struct client *client, struct pam_response **responses)
{
	int result;

	scene_on_prompt();
	result = client_whole(client, responses);
	scene_on_answer();
	return result;
}

static int
answer_in_parts(struct client *client, struct pam_response **responses)
{
	int result;

	scene_on_prompt();
	result = client_parts(client, responses);
	if (client->part == 1)
		scene_on_answer();
	return result;
}

void
scene_login(const struct scene *scene, unsigned worker, bool in_parts,
    struct login *login)
{
	*login = (struct login){
	    .service = workers[worker].name, .client = scene->client};
	login->client.script = in_parts ? answer_in_parts : answer_whole;
	if (scene->is_nitrotpm)
		login->client.pki = &the_stack->nitrotpm;
	if (scene->is_stranger)
		login->client.pki = &stranger;
	if (scene->is_expired)
		login->client.pki = &expired;
}
