#include "client/nsm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"

/* A device for one exchange: what it says, and what it was asked. */
static struct {
	int interruptions; /* EINTR so many times */
	int error;         /* then this errno, or the response */
	struct nitro_buf response;
	uint64_t
	    claimed_len; /* where not 0, instead of the response's length */
	int calls;
	unsigned long request_code;
	struct nitro_buf request;
	uint64_t room;
} device;

static int
device_call(int fd, unsigned long request, struct nitro_nsm_raw *raw)
{
	uint8_t *room = (uint8_t *)(uintptr_t)raw->response.address;

	assert_int_equal(fd, 77);
	device.calls++;
	device.request_code = request;
	device.room = raw->response.len;
	device.request.len = 0;
	unit_append(&device.request,
	    (struct nitro_bytes){
		(const uint8_t *)(uintptr_t)raw->request.address,
		(size_t)raw->request.len});
	if (device.interruptions-- > 0) {
		/* A driver may have touched it before it was interrupted. */
		raw->response.len = 0;
		errno = EINTR;
		return -1;
	}
	if (device.error != 0) {
		errno = device.error;
		return -1;
	}
	for (size_t i = 0; i < device.response.len; i++)
		room[i] = device.response.ptr[i];
	raw->response.len = device.claimed_len != 0 ? device.claimed_len
						    : device.response.len;
	return 0;
}

static int
reset(void **state)
{
	(void)state;
	nitro_buf_drop(&device.response);
	nitro_buf_drop(&device.request);
	memset(&device, 0, sizeof device);
	return 0;
}

static const struct nitro_document_request request = {
    {(const uint8_t *)"nonce", 5}, {(const uint8_t *)"user data", 9},
    {(const uint8_t *)"key", 3}};

static bool
attest(struct nitro_buf *document, struct nitro_complaint *why)
{
	return nitro_nsm_attest(
	    77, "/dev/nsm", device_call, &request, document, why);
}

static void
respond_with_document(size_t len)
{
	unit_hex("a1 6b 4174746573746174696f6e a1 68 646f63756d656e74 59",
	    &device.response);
	unit_append(&device.response,
	    (struct nitro_bytes){
		(const uint8_t[]){(uint8_t)(len >> 8), (uint8_t)len}, 2});
	unit_fill(&device.response, 0xd0, len);
}

static void
refused(const char *words)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	assert_false(attest(&document, &why));
	assert_int_equal(document.len, 0);
	if (strstr(why.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, why.text);
	assert_non_null(strstr(why.text, "/dev/nsm"));
}

/* include/uapi/linux/nsm.h: _IOWR(0x0A, 0x0, struct nsm_raw) of 32 bytes. */
static void
test_the_exchange_is_that_of_the_driver(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0}, want = {0};
	struct nitro_complaint why = {0};

	(void)state;
	respond_with_document(4500);
	assert_true(attest(&document, &why));
	assert_int_equal(document.len, 4500);
	assert_int_equal(document.ptr[4499], 0xd0);
	assert_int_equal(device.calls, 1);
	assert_int_equal(device.request_code, 0xc0200a00);
	assert_int_equal(device.room, 12288);
	assert_err(nitro_nsm_request_encode(&request, &want), NITRO_OK);
	assert_int_equal(
	    unit_bytes_differ("request", nitro_bytes_of_buf(&device.request),
		nitro_bytes_of_buf(&want)),
	    0);
}

static void
test_an_interrupted_exchange_is_repeated_from_the_start(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	(void)state;
	device.interruptions = 3;
	respond_with_document(300);
	assert_true(attest(&document, &why));
	assert_int_equal(document.len, 300);
	assert_int_equal(device.calls, 4);
	assert_int_equal(device.room, 12288);
}

static void
test_the_largest_response_is_read(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};

	(void)state;
	respond_with_document(12288 - 26);
	assert_int_equal(device.response.len, 12288);
	assert_true(attest(&document, &why));
	assert_int_equal(document.len, 12288 - 26);
}

static void
test_a_truncated_response_is_refused(void **state)
{
	(void)state;
	respond_with_document(4500);
	device.response.len--;
	refused("no attestation response");
}

static void
test_an_empty_response_is_refused(void **state)
{
	(void)state;
	refused("answered 0 bytes");
}

static void
test_a_length_beyond_the_buffer_is_refused(void **state)
{
	(void)state;
	respond_with_document(300);
	device.claimed_len = 12289;
	refused("did not answer");
	device.claimed_len = UINT64_MAX;
	refused("did not answer");
}

static void
test_garbage_is_refused(void **state)
{
	(void)state;
	unit_fill(&device.response, 0xff, 512);
	refused("no attestation response");
	device.response.len = 0;
	unit_fill(&device.response, 0, 12288);
	refused("no attestation response");
}

static void
test_errors_of_the_nsm_are_named_with_advice(void **state)
{
	(void)state;
	unit_hex(
	    "a1 65 4572726f72 6d 496e707574546f6f4c61726765", &device.response);
	refused("NSM error InputTooLarge from /dev/nsm: the SSH key");
	device.response.len = 0;
	unit_hex("a1 65 4572726f72 63 1b5b4a", &device.response);
	refused("NSM error \\x1b[J from /dev/nsm");
}

static void
test_errors_of_the_driver_are_told(void **state)
{
	static const struct {
		int error;
		const char *words;
	} rows[] = {{ENOTTY, "is no NSM device"}, {EINVAL, "is no NSM device"},
	    {EMSGSIZE, "InputTooLarge"}, {ETIMEDOUT, "timed out"},
	    {EIO, "Input/output error"}};

	(void)state;
	for (size_t i = 0; i < NITRO_COUNT_OF(rows); i++) {
		device.error = rows[i].error;
		refused(rows[i].words);
	}
}

static void
test_a_request_beyond_the_drivers_limit_is_not_sent(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0}, key = {0};
	struct nitro_document_request longer = request;
	struct nitro_complaint why = {0};

	(void)state;
	respond_with_document(300);
	unit_fill(&key, 1, 4096 - 13 - 1 - 10 - 10 - 6 - 6 - 11 - 3);
	longer.public_key = nitro_bytes_of_buf(&key);
	assert_true(nitro_nsm_attest(
	    77, "/dev/nsm", device_call, &longer, &document, &why));
	assert_int_equal(device.request.len, 4096);
	unit_fill(&key, 1, 1);
	longer.public_key = nitro_bytes_of_buf(&key);
	assert_false(nitro_nsm_attest(
	    77, "/dev/nsm", device_call, &longer, &document, &why));
	assert_non_null(strstr(why.text, "InputTooLarge"));
	assert_int_equal(device.calls, 1);
}

static void
test_the_systems_ioctl_refuses_what_is_no_nsm(void **state)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf document = {0};
	struct nitro_complaint why = {0};
	int fd;

	(void)state;
	assert_true(nitro_nsm_open("/dev/null", &fd, &why));
	assert_false(nitro_nsm_attest(
	    fd, "/dev/null", nitro_nsm_system_call, &request, &document, &why));
	assert_non_null(strstr(why.text, "is no NSM device"));
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	(void)close(fd);
}

static void
test_without_a_device_the_user_is_told_what_to_do(void **state)
{
	struct nitro_complaint why = {0};
	int fd;

	(void)state;
	assert_false(nitro_nsm_open("/nowhere/nsm", &fd, &why));
	assert_non_null(strstr(why.text, "no Nitro Enclave"));
	assert_non_null(strstr(why.text, "exec:nitro-tpm-attest"));
	assert_false(nitro_nsm_open("/", &fd, &why));
	assert_non_null(strstr(why.text, "cannot open"));
}

#define WITH_DEVICE(test) cmocka_unit_test_setup_teardown(test, reset, reset)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_DEVICE(test_the_exchange_is_that_of_the_driver),
	    WITH_DEVICE(
		test_an_interrupted_exchange_is_repeated_from_the_start),
	    WITH_DEVICE(test_the_largest_response_is_read),
	    WITH_DEVICE(test_a_truncated_response_is_refused),
	    WITH_DEVICE(test_an_empty_response_is_refused),
	    WITH_DEVICE(test_a_length_beyond_the_buffer_is_refused),
	    WITH_DEVICE(test_garbage_is_refused),
	    WITH_DEVICE(test_errors_of_the_nsm_are_named_with_advice),
	    WITH_DEVICE(test_errors_of_the_driver_are_told),
	    WITH_DEVICE(test_a_request_beyond_the_drivers_limit_is_not_sent),
	    WITH_DEVICE(test_the_systems_ioctl_refuses_what_is_no_nsm),
	    WITH_DEVICE(test_without_a_device_the_user_is_told_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
