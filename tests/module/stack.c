#include "module/stack.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module/captured_log.h"
#include "unit/unit.h"

const char stack_settings_text[] =
    "server_name = \"" STACK_SERVER_NAME "\";\n"
    "measurements = \"~/measurements.conf\";\n"
    "trust_anchors = \"~/root.pem\";\n"
    "users = ({ user = \"deploy\"; workloads = [\"billing\"]; },\n"
    "    { group = \"root\"; workloads = [\"billing\"]; },\n"
    "    { user = \"instance\"; workloads = [\"ledger\"]; });\n";

const char stack_measurements_text[] =
    "measurements = ({ workload = \"billing\"; version = \"1.4.2\";\n"
    "    kind = \"enclave\"; pcr0 = \"" BYTES_48(
	"a0") "\"; },\n"
	      "  { workload = \"ledger\"; version = \"2.0\"; kind = "
	      "\"nitrotpm\";\n"
	      "    pcr4 = \"" BYTES_48("b4") "\"; });\n";

static const char service_text[] = "auth required @\naccount required @\n"
				   "session required @\n";
static const char other_text[] =
    "auth requisite pam_deny.so\naccount requisite pam_deny.so\n"
    "session requisite pam_deny.so\npassword requisite pam_deny.so\n";

void
stack_path(const struct stack *stack, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", stack->folder, name);

	assert_int_in_range(n, 1, PATH_MAX - 1);
}

void
stack_write_bytes(
    const struct stack *stack, const char *name, struct nitro_bytes bytes)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	ssize_t n;
	int fd;

	stack_path(stack, name, path);
	stack_path(stack, "fresh", fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	n = bytes.len > 0 ? write(fd, bytes.ptr, bytes.len) : 0;
	assert_int_equal(n, bytes.len);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(rename(fresh, path), 0);
}

void
stack_write(const struct stack *stack, const char *name, const char *text)
{
	char *out = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&out, &len);

	assert_non_null(file);
	for (; *text != '\0'; text++) {
		int n = *text == '~'   ? fprintf(file, "%s", stack->folder)
			: *text == '&' ? fprintf(file, "%s", stack->module)
			: *text == '@'
			    ? fprintf(file, "%s config=%s/pam_nitro.conf",
				  stack->module, stack->folder)
			    : fprintf(file, "%c", *text);

		assert_true(n > 0);
	}
	assert_int_equal(fclose(file), 0);
	stack_write_bytes(
	    stack, name, (struct nitro_bytes){(const uint8_t *)out, len});
	free(out);
}

void
stack_service(const struct stack *stack, const char *name, const char *text)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "pam.d/%s", name);

	assert_int_in_range(n, 1, sizeof path - 1);
	stack_write(stack, path, text);
}

void
stack_settings(const struct stack *stack, const char *lines)
{
	char text[4096];
	int n = snprintf(text, sizeof text, "%s%s", stack_settings_text, lines);

	assert_int_in_range(n, 1, sizeof text - 1);
	stack_write(stack, "pam_nitro.conf", text);
}

bool
stack_execute(const char *const argv[], const char *out)
{
	posix_spawn_file_actions_t actions;
	char *words[16] = {0};
	int status = -1;
	pid_t child;

	/* posix_spawnp(3) takes char *const and changes nothing. */
	for (size_t i = 0; argv[i] != NULL; i++) {
		assert_int_in_range(i, 0, NITRO_COUNT_OF(words) - 2);
		words[i] = strdup(argv[i]);
		assert_non_null(words[i]);
	}
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(
			     &actions, 0, "/dev/null", O_RDONLY, 0),
	    0);
	assert_int_equal(
	    posix_spawn_file_actions_addopen(&actions, 1,
		out != NULL ? out : "/dev/null", O_WRONLY | O_CREAT, 0644),
	    0);
	if (posix_spawnp(&child, words[0], &actions, NULL, words, environ) == 0)
		assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
	for (size_t i = 0; words[i] != NULL; i++)
		free(words[i]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
make_pki(const struct stack *stack, enum nitro_kind kind, int64_t s,
    struct sim_pki *pki)
{
	struct sim_options options = {.kind = kind,
	    .time_s = (int64_t)time(NULL) + s,
	    .same_root = pki == &stack->pki ? NULL : &stack->pki};

	assert_true(sim_pki_make(&options, pki));
}

void
stack_pki_at(const struct stack *stack, int64_t s, struct sim_pki *pki)
{
	make_pki(stack, NITRO_KIND_ENCLAVE, s, pki);
}

/* "ssh-ed25519" and 32 bytes, as RFC 8709 section 4 has it. */
static void
make_key(struct stack *stack)
{
	static const uint8_t blob[] = "\0\0\0\13ssh-ed25519\0\0\0\40"
				      "a key that nobody has the half o";
	const struct nitro_bytes view = {blob, sizeof blob - 1};
	/* The default one is a test's to spoil. */
	OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
	uint8_t digest[32];
	unsigned char text[256];

	assert_err(nitro_buf_append(&stack->key, view), NITRO_OK);
	assert_int_equal(EVP_EncodeBlock(text, view.ptr, (int)view.len), 68);
	(void)snprintf(stack->auth_info, sizeof stack->auth_info,
	    "publickey ssh-ed25519 %.68s\n", (const char *)text);
	assert_int_equal(EVP_Q_digest(library, "SHA256", NULL, view.ptr,
			     view.len, digest, NULL),
	    1);
	OSSL_LIB_CTX_free(library);
	assert_int_equal(EVP_EncodeBlock(text, digest, sizeof digest), 44);
	(void)snprintf(stack->fingerprint, sizeof stack->fingerprint,
	    "SHA256:%.43s", (const char *)text);
}

static bool
make_folder(struct stack *stack)
{
	static const char *const parents[] = {"/run", "/var/lib"};

	for (size_t i = 0; i < NITRO_COUNT_OF(parents); i++) {
		(void)snprintf(stack->folder, sizeof stack->folder,
		    "%s/pam_nitro-test.XXXXXX", parents[i]);
		if (mkdtemp(stack->folder) != NULL)
			return true;
	}
	return false;
}

/*
 * libconfig 1.5 forgets a string that its parser did not expect. Nobody calls
 * this but the leak checker.
 */
__attribute__((visibility("default"))) const char *suppressed_leaks(
    void) __asm__("__lsan_default_suppressions");

const char *
suppressed_leaks(void)
{
	return "leak:libconfig.so\n";
}

/*
 * libpam would only say that something is wrong. A leak checker can name
 * functions only of what is still there at the end.
 */
static bool
module_loads(const char *path)
{
	void *module = dlopen(path,
	    RTLD_NOW | RTLD_LOCAL | (UNIT_IS_SANITIZED ? RTLD_NODELETE : 0));

	if (module == NULL)
		print_error("%s\n", dlerror());
	return module != NULL && dlclose(module) == 0;
}

int
stack_setup(void **state)
{
	static struct stack stack;
	const char *build = getenv("BUILD");
	char path[PATH_MAX];

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	(void)snprintf(path, sizeof path, "%s/pam_nitro.so",
	    build != NULL ? build : "build");
	if (realpath(path, stack.module) == NULL) {
		print_error("no module at %s\n", path);
		return -1;
	}
	if (!module_loads(stack.module))
		return -1;
	if (!make_folder(&stack)) {
		print_error("no folder in /run or /var/lib\n");
		return -1;
	}
	make_pki(&stack, NITRO_KIND_ENCLAVE, 0, &stack.pki);
	make_pki(&stack, NITRO_KIND_NITROTPM, 0, &stack.nitrotpm);
	make_key(&stack);
	stack_path(&stack, "pam.d", path);
	if (mkdir(path, 0755) != 0)
		return -1;
	*state = &stack;
	return 0;
}

int
stack_reset(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	const struct stack *stack = *state;

	if (stack == NULL)
		return 0;
	if (!sim_pki_root_pem(&stack->pki, &pem))
		return -1;
	stack_write_bytes(stack, "root.pem", nitro_bytes_of_buf(&pem));
	stack_write(stack, "measurements.conf", stack_measurements_text);
	stack_settings(stack, "");
	stack_service(stack, "nitro", service_text);
	stack_service(stack, "other", other_text);
	captured_clear();
	return 0;
}

int
stack_teardown(void **state)
{
	struct stack *stack = *state;

	if (stack == NULL)
		return 0;
	sim_pki_drop(&stack->pki);
	sim_pki_drop(&stack->nitrotpm);
	nitro_buf_drop(&stack->key);
	return stack_execute((const char *const[]){"/bin/rm", "-rf", "--",
				 stack->folder, NULL},
		   NULL)
		   ? 0
		   : -1;
}

struct stack *
stack_need(void **state)
{
	if (*state == NULL) {
		print_message(
		    "# needs root: the module reads root's files only\n");
		skip();
	}
	return *state;
}
