#include "sim/request.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"

void
sim_request_drop(struct sim_request *request)
{
	nitro_buf_drop(&request->nonce);
	nitro_buf_drop(&request->user_data);
	nitro_buf_drop(&request->public_key);
}

int
sim_fail(int status, const char *what, const char *why)
{
	(void)fprintf(stderr, "nitro-sim: %s: %s\n", what, why);
	return status;
}

static int
read_field(const char *path, struct nitro_buf *out)
{
	uint8_t bytes[SIM_FIELD_MAX + 1];
	size_t len = 0;
	ssize_t n = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return sim_fail(EXIT_FAILED, path, strerror(errno));
	while (n > 0 && len < sizeof(bytes)) {
		n = read(fd, bytes + len, sizeof(bytes) - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0)
		len = 0;
	close(fd);
	if (n < 0)
		return sim_fail(EXIT_FAILED, path, "cannot be read");
	if (len > SIM_FIELD_MAX)
		return sim_fail(EXIT_FAILED, path, "longer than 1024 bytes");
	if (nitro_buf_append(out, (struct nitro_bytes){bytes, len}) != NITRO_OK)
		return sim_fail(EXIT_FAILED, path, "no memory");
	return EXIT_OK;
}

static int
take_number(const char *option, const char *text, int64_t *value)
{
	struct nitro_bytes digits = nitro_bytes_of_text(text);
	struct nitro_bytes sign;
	bool is_negative = nitro_bytes_has_prefix(digits, "-");
	unsigned number;

	if ((is_negative && !nitro_bytes_take(&digits, 1, &sign)) ||
	    !nitro_bytes_to_number(digits, &number))
		return sim_fail(
		    EXIT_USAGE, option, "not a number of up to 9 digits");
	*value = is_negative ? -(int64_t)number : (int64_t)number;
	return EXIT_OK;
}

static int
take_pcr(const char *text, struct sim_request *request)
{
	struct nitro_bytes value = nitro_bytes_of_text(text), index;
	unsigned i;

	if (!nitro_bytes_take_until(&value, '=', &index) ||
	    !nitro_bytes_to_number(index, &i) || i >= NITRO_PCR_COUNT_MAX)
		return sim_fail(
		    EXIT_USAGE, "--pcr", "not N=HEX with N from 0 to 31");
	if (!nitro_hex_decode(value, request->pcr[i], NITRO_PCR_LEN))
		return sim_fail(
		    EXIT_USAGE, "--pcr", "value is not 96 hex digits");
	request->has_pcr[i] = true;
	return EXIT_OK;
}

static int
take_kind(const char *text, struct sim_request *request)
{
	if (strcmp(text, "enclave") == 0)
		request->options.kind = NITRO_KIND_ENCLAVE;
	else if (strcmp(text, "nitrotpm") == 0)
		request->options.kind = NITRO_KIND_NITROTPM;
	else
		return sim_fail(
		    EXIT_USAGE, "--kind", "neither enclave nor nitrotpm");
	return EXIT_OK;
}

static int
take_module_id(const char *text, struct sim_request *request)
{
	size_t len = strlen(text);

	if (len < 1 || len > NITRO_MODULE_ID_MAX)
		return sim_fail(
		    EXIT_USAGE, "--module-id", "not 1 to 256 bytes");
	request->options.module_id = text;
	return EXIT_OK;
}

static int
take_pcr_count(const char *text, struct sim_request *request)
{
	int status = take_number("--pcr-count", text, &request->pcr_count);

	if (status == EXIT_OK && (request->pcr_count < 1 ||
				     request->pcr_count > NITRO_PCR_COUNT_MAX))
		return sim_fail(EXIT_USAGE, "--pcr-count", "not 1 to 32");
	return status;
}

static int
take_defect(const char *text, struct sim_request *request)
{
	request->defect = text;
	if (sim_defect_find(text) == NULL)
		return sim_fail(EXIT_USAGE, text,
		    "no such defect (nitro-sim defects lists them)");
	return EXIT_OK;
}

static int
take_option(int option, struct sim_request *request)
{
	switch (option) {
	case 'P':
		request->folder = optarg;
		return EXIT_OK;
	case 'n':
		request->has_nonce = true;
		nitro_buf_drop(&request->nonce);
		return read_field(optarg, &request->nonce);
	case 'u':
		request->has_user_data = true;
		nitro_buf_drop(&request->user_data);
		return read_field(optarg, &request->user_data);
	case 'k':
		request->has_public_key = true;
		nitro_buf_drop(&request->public_key);
		return read_field(optarg, &request->public_key);
	case 'K':
		return take_kind(optarg, request);
	case 'm':
		return take_module_id(optarg, request);
	case 'p':
		return take_pcr(optarg, request);
	case 'c':
		return take_pcr_count(optarg, request);
	case 'g':
		request->is_debug = true;
		return EXIT_OK;
	case 'a':
		return take_number("--age", optarg, &request->age_s);
	case 'd':
		request->is_definite = true;
		return EXIT_OK;
	case 'x':
		return take_defect(optarg, request);
	default: /* getopt has said what is wrong */
		return EXIT_USAGE;
	}
}

int
sim_request_read(int argc, char **argv, struct sim_request *request)
{
	static const struct option options[] = {
	    {"pki", required_argument, NULL, 'P'},
	    {"nonce", required_argument, NULL, 'n'},
	    {"user-data", required_argument, NULL, 'u'},
	    {"public-key", required_argument, NULL, 'k'},
	    {"kind", required_argument, NULL, 'K'},
	    {"module-id", required_argument, NULL, 'm'},
	    {"pcr", required_argument, NULL, 'p'},
	    {"pcr-count", required_argument, NULL, 'c'},
	    {"debug", no_argument, NULL, 'g'},
	    {"age", required_argument, NULL, 'a'},
	    {"definite", no_argument, NULL, 'd'},
	    {"defect", required_argument, NULL, 'x'},
	    {NULL, 0, NULL, 0},
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if ((status = take_option(option, request)) != EXIT_OK)
			return status;
	if (optind != argc)
		return sim_fail(
		    EXIT_USAGE, argv[optind], "unexpected argument");
	if (request->folder == NULL)
		return sim_fail(EXIT_USAGE, "attest",
		    "--pki FOLDER is missing (nitro-sim init FOLDER makes "
		    "one)");
	for (int i = NITRO_PCR_COUNT_MAX; i-- > 0;)
		if (request->has_pcr[i] && request->pcr_count != 0 &&
		    i >= request->pcr_count)
			return sim_fail(EXIT_USAGE, "--pcr",
			    "names a PCR that --pcr-count leaves out");
	return EXIT_OK;
}

/* An empty file is h'', not null, so the view needs a pointer. */
static struct nitro_bytes
field_of(bool is_given, const struct nitro_buf *buf)
{
	if (!is_given)
		return (struct nitro_bytes){0};
	return buf->len == 0 ? nitro_bytes_of_text("")
			     : nitro_bytes_of_buf(buf);
}

void
sim_request_fill(struct sim_document *doc, void *context)
{
	const struct sim_request *request = context;

	doc->timestamp_ms = request->timestamp_ms;
	doc->is_definite = request->is_definite;
	if (request->is_debug)
		sim_document_debug(doc);
	if (request->pcr_count != 0)
		doc->pcr_count = (unsigned)request->pcr_count;
	for (unsigned i = 0; i < NITRO_PCR_COUNT_MAX; i++) {
		if (!request->has_pcr[i])
			continue;
		memcpy(doc->pcr[i], request->pcr[i], NITRO_PCR_LEN);
		if (i >= doc->pcr_count)
			doc->pcr_count = i + 1;
	}
	doc->nonce = field_of(request->has_nonce, &request->nonce);
	doc->user_data = field_of(request->has_user_data, &request->user_data);
	doc->public_key = field_of(
	    request->has_public_key, &request->public_key);
}

bool
sim_request_set_time(struct sim_request *request)
{
	struct timespec now;
	int64_t ms;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return false;
	ms = ((int64_t)now.tv_sec - request->age_s) * 1000 +
	     now.tv_nsec / 1000000;
	if (ms < 1000)
		return false;
	request->timestamp_ms = (uint64_t)ms;
	request->options.time_s = ms / 1000;
	return true;
}
