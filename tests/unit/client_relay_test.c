#include "client/relay.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/unit.h"

#define MUCH ((size_t)3 << 20) /* more than pipes and sockets hold */

/* The relay in a thread, and the far ends of its three descriptors. */
struct bench {
	int in, out, remote; /* ours */
	int near[3];         /* the relay's */
	pthread_t thread;
	bool result;
};

static void *
run_relay(void *context)
{
	struct bench *bench = context;

	bench->result = nitro_relay(
	    bench->near[0], bench->near[1], bench->near[2]);
	for (size_t i = 0; i < 3; i++)
		(void)close(bench->near[i]);
	return NULL;
}

static void
bench_start(struct bench *bench)
{
	int in[2], out[2], remote[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, remote), 0);
	*bench = (struct bench){.in = in[1],
	    .out = out[0],
	    .remote = remote[1],
	    .near = {in[0], out[1], remote[0]}};
	assert_int_equal(
	    pthread_create(&bench->thread, NULL, run_relay, bench), 0);
}

static bool
bench_join(struct bench *bench)
{
	assert_int_equal(pthread_join(bench->thread, NULL), 0);
	return bench->result;
}

static void
put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* All until the end; true where it is this text. */
static bool
reads(int fd, const char *text)
{
	char got[64] = {0};
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, got + len, sizeof got - 1 - len)) > 0)
		len += (size_t)n;
	return n == 0 && strcmp(got, text) == 0;
}

static void
test_the_end_of_input_is_passed_on_and_the_reply_still_comes(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	put(bench.in, "question");
	(void)close(bench.in);
	assert_true(reads(bench.remote, "question"));
	put(bench.remote, "answer");
	(void)close(bench.remote);
	assert_true(reads(bench.out, "answer"));
	assert_true(bench_join(&bench));
	(void)close(bench.out);
}

static void
test_the_end_of_the_remote_ends_it_with_input_open(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	put(bench.remote, "banner");
	(void)close(bench.remote);
	assert_true(reads(bench.out, "banner"));
	assert_true(bench_join(&bench));
	(void)close(bench.in);
	(void)close(bench.out);
}

static void
test_it_ends_when_nobody_reads_its_output(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	(void)close(bench.out);
	assert_true(bench_join(&bench));
	assert_true(reads(bench.remote, ""));
	(void)close(bench.in);
	(void)close(bench.remote);
}

static void
test_a_remote_that_takes_no_more_is_still_heard(void **state)
{
	struct bench bench;
	char much[4096] = {0};

	(void)state;
	bench_start(&bench);
	put(bench.remote, "last words");
	assert_int_equal(shutdown(bench.remote, SHUT_RD), 0);
	assert_int_equal(write(bench.in, much, sizeof much), sizeof much);
	assert_int_equal(shutdown(bench.remote, SHUT_WR), 0);
	assert_true(reads(bench.out, "last words"));
	assert_true(bench_join(&bench));
	(void)close(bench.in);
	(void)close(bench.out);
	(void)close(bench.remote);
}

static uint8_t
pattern(size_t i, uint8_t salt)
{
	return (uint8_t)(i * 31 + (i >> 11) + salt);
}

struct stream {
	int fd;
	uint8_t salt;
	size_t done;
};

static void *
send_much(void *context)
{
	struct stream *stream = context;
	uint8_t bytes[10007];

	while (stream->done < MUCH) {
		size_t n = MUCH - stream->done < sizeof bytes
			       ? MUCH - stream->done
			       : sizeof bytes;
		ssize_t sent;

		for (size_t i = 0; i < n; i++)
			bytes[i] = pattern(stream->done + i, stream->salt);
		if ((sent = write(stream->fd, bytes, n)) <= 0)
			break;
		stream->done += (size_t)sent;
	}
	return NULL;
}

/* How many bytes came as they were sent. */
static size_t
receive_much(int fd, uint8_t salt)
{
	uint8_t bytes[4099];
	size_t done = 0;
	ssize_t n;

	while (done < MUCH && (n = read(fd, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < n; i++, done++)
			if (bytes[i] != pattern(done, salt))
				return done;
	return done;
}

/*
 * Nobody reads what comes to out until all has gone the other way: a relay
 * that waited in a write would stand still for ever.
 */
static void
test_neither_direction_waits_for_the_other(void **state)
{
	struct bench bench;
	struct stream there, back;
	pthread_t senders[2];

	(void)state;
	bench_start(&bench);
	there = (struct stream){bench.in, 1, 0};
	back = (struct stream){bench.remote, 2, 0};
	assert_int_equal(
	    pthread_create(&senders[0], NULL, send_much, &there), 0);
	assert_int_equal(
	    pthread_create(&senders[1], NULL, send_much, &back), 0);
	assert_int_equal(receive_much(bench.remote, 1), MUCH);
	assert_int_equal(receive_much(bench.out, 2), MUCH);
	assert_int_equal(pthread_join(senders[0], NULL), 0);
	assert_int_equal(pthread_join(senders[1], NULL), 0);
	(void)close(bench.in);
	(void)close(bench.remote);
	assert_true(bench_join(&bench));
	(void)close(bench.out);
}

/* Of the three one is not what it should be. */
static void
test_a_descriptor_that_fails_ends_it(void **state)
{
	enum { IN, OUT, REMOTE };
	static const struct {
		const char *name, *path;
		int which, flags;
		bool is_asked; /* the remote says something, to be written */
	} rows[] = {
	    {"input that cannot be read", "/", IN, O_RDONLY, false},
	    {"output that is full", "/dev/full", OUT, O_WRONLY, true},
	    {"a remote that cannot be read", "/", REMOTE, O_RDONLY, false},
	    {"a remote that is no socket", "/dev/null", REMOTE, O_WRONLY,
		false},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		int in[2], out[2], remote[2];
		int ours[3];
		int odd = open(rows[i].path, rows[i].flags | O_CLOEXEC);

		assert_true(odd >= 0);
		assert_int_equal(pipe2(in, O_CLOEXEC), 0);
		assert_int_equal(pipe2(out, O_CLOEXEC), 0);
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, remote),
		    0);
		put(rows[i].is_asked ? remote[1] : in[1], "something");
		ours[IN] = in[0];
		ours[OUT] = out[1];
		ours[REMOTE] = remote[0];
		ours[rows[i].which] = odd;
		wrong += unit_is_not(rows[i].name,
		    nitro_relay(ours[IN], ours[OUT], ours[REMOTE]), false);
		for (size_t k = 0; k < 2; k++) {
			(void)close(in[k]);
			(void)close(out[k]);
			(void)close(remote[k]);
		}
		(void)close(odd);
	}
	assert_int_equal(wrong, 0);
}

/* poll(2) refuses more descriptors than a process may have. */
static void
test_a_poll_that_fails_ends_it(void **state)
{
	struct rlimit before, limit;
	bool result;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	result = nitro_relay(0, 1, 2);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_the_end_of_input_is_passed_on_and_the_reply_still_comes),
	    cmocka_unit_test(
		test_the_end_of_the_remote_ends_it_with_input_open),
	    cmocka_unit_test(test_it_ends_when_nobody_reads_its_output),
	    cmocka_unit_test(test_a_remote_that_takes_no_more_is_still_heard),
	    cmocka_unit_test(test_neither_direction_waits_for_the_other),
	    cmocka_unit_test(test_a_descriptor_that_fails_ends_it),
	    cmocka_unit_test(test_a_poll_that_fails_ends_it),
	};

	/* A relay that stands still ends the test, and so does a lost signal. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
