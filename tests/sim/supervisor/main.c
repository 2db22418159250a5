/*
 * nsm-supervisor: run a program, unmodified and static or not, that sees a
 * /dev/nsm where there is none. For tests.
 *
 * seccomp(2) user notification: the program's openat(2) of /dev/nsm gets a
 * descriptor made here, and its ioctl(2) on it is carried out here, as
 * drivers/misc/nsm.c of Linux 6.8 does it:
 *
 *	another ioctl               EINVAL
 *	a request over 0x1000       EMSGSIZE
 *	memory that is not there    EFAULT
 *	a response over its room    cut off in silence, the length says the cut
 *
 * The module behind the driver is a command, which has the request on its
 * standard input and the response on its standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICE "/dev/nsm"
#define REQUEST_MAX 0x1000
#define RESPONSE_MAX 0x10000 /* of the module; the driver has 0x3000 */
#define EXIT_TROUBLE 125
#define EXIT_UNSUPPORTED 77

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0 /* then nothing is ever intercepted */
#endif

/* include/uapi/linux/nsm.h, written down a second time. */
struct raw {
	uint64_t request, request_len, response, response_len;
};
#define NSM_IOCTL_RAW 0xc0200a00u

static const char usage[] =
    "usage: nsm-supervisor [--plan WORD,...] [--open-errno NAME]\n"
    "                      [--log FILE] --module COMMAND -- PROGRAM [ARG...]\n"
    "\n"
    "  --module COMMAND  by /bin/sh: request on standard input, response on\n"
    "                    standard output\n"
    "  --plan WORD,...   what becomes of the first calls: a name as EINTR, or\n"
    "                    \"module\"; those that follow go to the module\n"
    "  --open-errno NAME the device cannot be opened\n"
    "  --log FILE        a line for each call: result, request in hex, room\n"
    "Exit: the program's; 77 where this kernel cannot do it.\n";

static const struct {
	const char *name;
	int number;
} errors[] = {{"EINTR", EINTR}, {"ETIMEDOUT", ETIMEDOUT},
    {"EMSGSIZE", EMSGSIZE}, {"EIO", EIO}, {"EFAULT", EFAULT},
    {"ENOTTY", ENOTTY}, {"EINVAL", EINVAL}, {"ENOMEM", ENOMEM},
    {"EBUSY", EBUSY}, {"EACCES", EACCES}, {"ENOENT", ENOENT},
    {"ENODEV", ENODEV}, {"ENXIO", ENXIO}, {"EAGAIN", EAGAIN}};

static struct {
	const char *plan, *module;
	int open_errno;
	FILE *log;
} options;

__attribute__((noreturn, format(printf, 2, 3))) static void
die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("nsm-supervisor: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	_exit(status);
}

static int
error_number(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (strlen(errors[i].name) == len &&
		    strncmp(errors[i].name, name, len) == 0)
			return errors[i].number;
	die(EXIT_TROUBLE, "%.*s is no errno that is known here", (int)len,
	    name);
}

/* The errno that the next call is to fail with; 0 where the module is next. */
static int
next_of_plan(void)
{
	const char *word = options.plan;
	size_t len = word != NULL ? strcspn(word, ",") : 0;

	if (len == 0)
		return 0;
	options.plan = word[len] == ',' ? &word[len + 1] : NULL;
	if (len == 6 && strncmp(word, "module", 6) == 0)
		return 0;
	return error_number(word, len);
}

/* --- the program's memory ------------------------------------------------- */

static bool
copy_in(pid_t pid, uint64_t address, void *to, size_t len)
{
	struct iovec local = {to, len},
		     remote = {(void *)(uintptr_t)address, len};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)len;
}

static bool
copy_out(pid_t pid, uint64_t address, void *from, size_t len)
{
	struct iovec local = {from, len},
		     remote = {(void *)(uintptr_t)address, len};

	return process_vm_writev(pid, &local, 1, &remote, 1, 0) == (ssize_t)len;
}

/* --- the module ----------------------------------------------------------- */

static pid_t
start_module(int input, int *output)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		die(EXIT_TROUBLE, "cannot start the module: %s",
		    strerror(errno));
	if (pid == 0) {
		if (dup2(input, 0) < 0 || dup2(ends[1], 1) < 0)
			_exit(127);
		(void)execl(
		    "/bin/sh", "sh", "-c", options.module, (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	*output = ends[0];
	return pid;
}

/* The response's length; a module that fails is trouble of the test's. */
static size_t
ask_module(const uint8_t *request, size_t len, uint8_t response[RESPONSE_MAX])
{
	int input = memfd_create("request", MFD_CLOEXEC), output, status;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	if (input < 0 || write(input, request, len) != (ssize_t)len ||
	    lseek(input, 0, SEEK_SET) != 0)
		die(EXIT_TROUBLE, "cannot hand the request on");
	pid = start_module(input, &output);
	(void)close(input);
	while (got < RESPONSE_MAX &&
	       (n = read(output, response + got, RESPONSE_MAX - got)) > 0)
		got += (size_t)n;
	(void)close(output);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die(EXIT_TROUBLE, "the module failed: %s", options.module);
	return got;
}

/* --- the driver ----------------------------------------------------------- */

static void
write_log(int error, const uint8_t *request, size_t len, uint64_t room)
{
	if (options.log == NULL)
		return;
	(void)fprintf(options.log, "%s ", error != 0 ? strerror(error) : "ok");
	for (size_t i = 0; i < len; i++)
		(void)fprintf(options.log, "%02x", request[i]);
	(void)fprintf(options.log, " %llu\n", (unsigned long long)room);
	(void)fflush(options.log);
}

/* The call on the device; 0 or an errno. */
static int
call(pid_t pid, uint64_t code, uint64_t argument)
{
	static uint8_t response[RESPONSE_MAX];
	uint8_t request[REQUEST_MAX];
	struct raw raw = {0};
	size_t len;
	int error;

	if ((uint32_t)code != NSM_IOCTL_RAW)
		return EINVAL;
	if (!copy_in(pid, argument, &raw, sizeof raw))
		return EFAULT;
	if (raw.request_len > REQUEST_MAX)
		return EMSGSIZE;
	if (!copy_in(pid, raw.request, request, (size_t)raw.request_len))
		return EFAULT;
	error = next_of_plan();
	write_log(error, request, (size_t)raw.request_len, raw.response_len);
	if (error != 0)
		return error;
	len = ask_module(request, (size_t)raw.request_len, response);
	raw.response_len = len < raw.response_len ? len : raw.response_len;
	if (!copy_out(pid, raw.response, response, (size_t)raw.response_len) ||
	    !copy_out(pid, argument, &raw, sizeof raw))
		return EFAULT;
	return 0;
}

static bool
is_device(pid_t pid, uint64_t fd)
{
	char link[64], target[32] = "";

	(void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, (int)fd);
	if (readlink(link, target, sizeof target - 1) < 0)
		return false;
	return strcmp(target, "/memfd:nsm (deleted)") == 0;
}

static bool
names_device(pid_t pid, uint64_t address)
{
	char path[sizeof DEVICE];

	return copy_in(pid, address, path, sizeof path) &&
	       memcmp(path, DEVICE, sizeof path) == 0;
}

/* --- notifications -------------------------------------------------------- */

/* True where the kernel has given the answer itself, with the descriptor. */
static bool
open_device(int listener, const struct seccomp_notif *notice,
    struct seccomp_notif_resp *answer)
{
	struct seccomp_notif_addfd add = {.id = notice->id,
	    .flags = SECCOMP_ADDFD_FLAG_SEND,
	    .newfd_flags = (uint32_t)notice->data.args[2] & O_CLOEXEC};
	int fd, result;

	if (options.open_errno != 0) {
		answer->error = -options.open_errno;
		return false;
	}
	if ((fd = memfd_create("nsm", MFD_CLOEXEC)) < 0)
		die(EXIT_TROUBLE, "memfd_create: %s", strerror(errno));
	add.srcfd = (uint32_t)fd;
	result = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	(void)close(fd);
	if (result >= 0)
		return true;
	if (errno == EINVAL)
		die(EXIT_UNSUPPORTED, "this kernel is older than 5.14");
	answer->error = -errno;
	return false;
}

static void
serve(int listener)
{
	struct seccomp_notif notice = {0};
	struct seccomp_notif_resp answer = {0};
	pid_t pid;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0)
		return; /* whoever called has been killed meanwhile */
	pid = (pid_t)notice.pid;
	answer.id = notice.id;
	if (notice.data.nr == SYS_openat &&
	    names_device(pid, notice.data.args[1])) {
		if (open_device(listener, &notice, &answer))
			return;
	} else if (notice.data.nr == SYS_ioctl &&
		   is_device(pid, notice.data.args[0]))
		answer.error = -call(
		    pid, notice.data.args[1], notice.data.args[2]);
	else
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* Until nobody is left whom the filter concerns. */
static void
serve_all(int listener)
{
	struct pollfd ready = {listener, POLLIN, 0};

	for (;;) {
		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			die(EXIT_TROUBLE, "poll: %s", strerror(errno));
		if ((ready.revents & POLLIN) != 0)
			serve(listener);
		else if ((ready.revents & (POLLHUP | POLLERR)) != 0)
			return;
	}
}

/* --- the program ---------------------------------------------------------- */

static int
install_filter(void)
{
	struct sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					  offsetof(struct seccomp_data, arch)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, 4),
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr head;
};

/* Or -1, which says that there is no listener. */
static void
send_listener(int to, int fd)
{
	char state = fd >= 0 ? 'y' : 'n';
	struct iovec data = {&state, 1};
	union control control = {{0}};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		control.head = (struct cmsghdr){
		    CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	}
	(void)sendmsg(to, &message, 0);
}

static int
receive_listener(int from)
{
	char state = 'n';
	struct iovec data = {&state, 1};
	union control control = {{0}};
	struct msghdr message = {.msg_iov = &data,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof control.bytes};
	int fd = -1;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || state != 'y' ||
	    message.msg_controllen == 0)
		die(EXIT_UNSUPPORTED,
		    "this kernel has no seccomp user notification");
	memcpy(&fd, CMSG_DATA(&control.head), sizeof fd);
	return fd;
}

static pid_t
start_program(char *const argv[], int *listener)
{
	int pair[2], fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    (pid = fork()) < 0)
		die(EXIT_TROUBLE, "cannot start: %s", strerror(errno));
	if (pid == 0) {
		fd = install_filter();
		send_listener(pair[1], fd);
		if (fd < 0)
			_exit(EXIT_UNSUPPORTED);
		(void)close(fd);
		(void)execvp(argv[0], argv);
		die(127, "%s: %s", argv[0], strerror(errno));
	}
	(void)close(pair[1]);
	*listener = receive_listener(pair[0]);
	(void)close(pair[0]);
	return pid;
}

static char **
take_options(char **word)
{
	for (; word[0] != NULL && word[1] != NULL; word += 2) {
		if (strcmp(word[0], "--") == 0)
			return &word[1];
		if (strcmp(word[0], "--plan") == 0)
			options.plan = word[1];
		else if (strcmp(word[0], "--module") == 0)
			options.module = word[1];
		else if (strcmp(word[0], "--open-errno") == 0)
			options.open_errno = error_number(
			    word[1], strlen(word[1]));
		else if (strcmp(word[0], "--log") == 0)
			options.log = fopen(word[1], "ae");
		else
			break;
	}
	(void)fputs(usage, stderr);
	_exit(EXIT_TROUBLE);
}

int
main(int argc, char *argv[])
{
	char **program = take_options(&argv[argc > 0 ? 1 : 0]);
	int listener, status;
	pid_t pid;

	if (options.module == NULL)
		options.module = "exit 1";
	pid = start_program(program, &listener);
	serve_all(listener);
	if (waitpid(pid, &status, 0) != pid)
		die(EXIT_TROUBLE, "waitpid: %s", strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
