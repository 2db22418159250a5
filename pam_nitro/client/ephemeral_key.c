#include "client/ephemeral_key.h"

#include "client/process.h"

#define DEADLINE_MS 20000
#define OUTPUT_MAX 65536

bool
nitro_ephemeral_key_make(const struct nitro_private_folder *folder,
    char path[PATH_MAX], struct nitro_complaint *why)
{
	const char *const argv[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N",
	    "", "-C", "nitro-ssh", "-f", path, NULL};
	const struct nitro_process_options options = {
	    .deadline_ms = DEADLINE_MS, .output_max = OUTPUT_MAX};
	NITRO_DROP(nitro_process_result_drop)
	struct nitro_process_result result = {0};
	char what[NITRO_ESCAPED_MAX];

	if (!nitro_private_folder_path(folder, "id_ed25519", path))
		return nitro_client_complain(
		    why, "the path of the key is too long");
	if (!nitro_process_run(argv, &options, &result, why))
		return false;
	if (nitro_process_succeeded(&result))
		return true;
	nitro_process_describe(&result, what);
	return nitro_client_complain(
	    why, "no ephemeral key: ssh-keygen %s", what);
}
