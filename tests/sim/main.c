/*
 * nitro-sim: behaves like nitro-tpm-attest, with a PKI of its own. For tests
 * and for the demo.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/request.h"

static const char help[] =
    "usage: nitro-sim init FOLDER\n"
    "       nitro-sim attest --pki FOLDER [option ...] > DOCUMENT\n"
    "       nitro-sim serve --pki FOLDER [option ...] < LINES\n"
    "       nitro-sim defects\n"
    "\n"
    "A Nitro Security Module in software, for tests and demonstrations.\n"
    "\n"
    "init     make FOLDER with root.key and root.pem; root.pem is the trust\n"
    "         anchor for the documents of that folder\n"
    "attest   write one attestation document, made now\n"
    "serve    the same for each line NONCE USER-DATA PUBLIC-KEY, in hex or -;\n"
    "         writes lines of base64\n"
    "defects  list what --defect takes, and what the log has to say of it\n"
    "\n"
    "  --nonce FILE         bytes for nonce, user_data, public_key: 0 to 1024\n"
    "  --user-data FILE     of each; null where the option is not given\n"
    "  --public-key FILE\n"
    "  --kind KIND          enclave (default) or nitrotpm\n"
    "  --module-id TEXT     default: " SIM_MODULE_ID_ENCLAVE ",\n"
    "                       " SIM_MODULE_ID_NITROTPM "\n"
    "  --pcr N=HEX          PCR N, 0 to 31, is these 96 digits; repeatable\n"
    "  --pcr-count N        PCRs 0 to N-1 are there; default 16, nitrotpm 24,\n"
    "                       or as many as --pcr needs\n"
    "  --debug              as an enclave in debug mode: PCR0, 1, 2, 8 zero\n"
    "  --age SECONDS        made that long ago; negative: in the future\n"
    "  --definite           the payload's map has a length, as until 2025\n"
    "  --defect NAME        with that defect\n"
    "\n"
    "PCRs of an enclave: PCR0 is the byte a0 48 times (96 digits), PCR1 a1,\n"
    "PCR2 a2; PCR4 follows from the instance id; PCR3 is a3 with --debug;\n"
    "all others are zero. Of a NitroTPM: PCR0 to PCR10 are b0 to ba, PCR17 to\n"
    "PCR22 ff, all others zero.\n";

static int
attest(const struct sim_pki *root, struct sim_request *request)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf evidence = {0};
	const struct sim_defect *defect = NULL;

	if (!sim_request_set_time(request))
		return sim_fail(EXIT_FAILED, "attest", "no such time");
	if (request->defect != NULL)
		defect = sim_defect_find(request->defect);
	request->options.same_root = root;
	if (!sim_attest_defect(defect, &request->options, sim_request_fill,
		request, &evidence))
		return sim_fail(
		    EXIT_FAILED, "attest", "libcrypto cannot make it");
	if (fwrite(evidence.ptr, 1, evidence.len, stdout) != evidence.len ||
	    fflush(stdout) != 0)
		return sim_fail(
		    EXIT_FAILED, "standard output", strerror(errno));
	return EXIT_OK;
}

/* What attest and serve have in common: the options and the root. */
static int
with_root(int argc, char **argv,
    int (*run)(const struct sim_pki *root, struct sim_request *request))
{
	NITRO_DROP(sim_request_drop) struct sim_request request = {0};
	NITRO_DROP(sim_pki_drop) struct sim_pki root = {0};
	const char *why = NULL;
	int status;

	argv[1] = argv[0]; /* for getopt's messages */
	if ((status = sim_request_read(argc - 1, argv + 1, &request)) !=
	    EXIT_OK)
		return status;
	if (!sim_folder_open(request.folder, &root, &why))
		return sim_fail(EXIT_FAILED, request.folder, why);
	return run(&root, &request);
}

static int
init(int argc, char **argv)
{
	const char *why = NULL;

	if (argc != 2 || argv[1][0] == '-')
		return sim_fail(EXIT_USAGE, "init", "one FOLDER is wanted");
	if (!sim_folder_init(argv[1], (int64_t)time(NULL), &why))
		return sim_fail(EXIT_FAILED, argv[1], why);
	return EXIT_OK;
}

static int
list_defects(void)
{
	size_t count;
	const struct sim_defect *defect = sim_defects(&count);

	for (; count > 0; count--, defect++)
		printf("%-18s %-22s %s\n", defect->name,
		    nitro_err_token(defect->reason), defect->what);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	if (asks_for_help(argc, argv)) {
		(void)fputs(help, stdout);
		return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
	}
	if (argc >= 2 && strcmp(argv[1], "init") == 0)
		return init(argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "attest") == 0)
		return with_root(argc, argv, attest);
	if (argc >= 2 && strcmp(argv[1], "serve") == 0)
		return with_root(argc, argv, sim_serve);
	if (argc == 2 && strcmp(argv[1], "defects") == 0)
		return list_defects();
	return sim_fail(EXIT_USAGE, argc >= 2 ? argv[1] : "no command",
	    "init, attest, serve or defects is wanted (nitro-sim --help)");
}
