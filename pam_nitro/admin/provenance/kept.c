#include "admin/provenance/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "policy/secure_file.h"
#include "policy/secure_path.h"

void
nitro_kept_folder(const char *config, char folder[NITRO_KEPT_PATH_SIZE])
{
	const char *end = strrchr(config, '/');
	const int len = end != NULL ? (int)(end - config) : 0;

	(void)snprintf(folder, NITRO_KEPT_PATH_SIZE, "%.*s%s%s", len, config,
	    end != NULL ? "/" : "", NITRO_PROVENANCE_FOLDER);
}

nitro_err
nitro_kept_name(struct nitro_bytes bytes, char hex[NITRO_KEPT_HEX_SIZE])
{
	uint8_t sha256[NITRO_SHA256_LEN];

	if (nitro_sha256(bytes, sha256) != NITRO_OK)
		return NITRO_E_CRYPTO;
	nitro_hex_encode((struct nitro_bytes){sha256, sizeof sha256}, hex,
	    NITRO_KEPT_HEX_SIZE);
	return NITRO_OK;
}

static bool
write_all(int fd, struct nitro_bytes bytes)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = write(fd, bytes.ptr, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes = nitro_bytes_slice(bytes, (size_t)n, bytes.len);
	}
	return fsync(fd) == 0 && fchmod(fd, 0644) == 0;
}

static bool
write_file(const char *folder, const char *path, struct nitro_bytes bytes)
{
	NITRO_DROP(nitro_fd_drop) int fd = -1;
	char fresh[NITRO_KEPT_PATH_SIZE + 32];
	int reason;

	(void)snprintf(
	    fresh, sizeof fresh, "%s/.new-%ld", folder, (long)getpid());
	(void)unlink(fresh);
	fd = open(
	    fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	if (write_all(fd, bytes) && rename(fresh, path) == 0)
		return true;
	reason = errno;
	(void)unlink(fresh);
	errno = reason;
	return false;
}

nitro_err
nitro_kept_write(const char *folder, const char *suffix,
    struct nitro_bytes bytes, struct nitro_fault *fault)
{
	char hex[NITRO_KEPT_HEX_SIZE];
	char path[NITRO_KEPT_PATH_SIZE + 2 * NITRO_KEPT_HEX_SIZE];

	if (nitro_kept_name(bytes, hex) != NITRO_OK)
		return nitro_fault_set(fault, NITRO_E_CRYPTO, NULL, 0, "%s",
		    nitro_err_sentence(NITRO_E_CRYPTO));
	(void)snprintf(path, sizeof path, "%s/%s.%s", folder, hex, suffix);
	if ((mkdir(folder, 0755) == 0 || errno == EEXIST) &&
	    write_file(folder, path, bytes))
		return NITRO_OK;
	return nitro_fault_set(fault, NITRO_E_FILE_READ, folder, 0,
	    "cannot keep the provenance there: %s", strerror(errno));
}

nitro_err
nitro_kept_read(const char *folder, const char *suffix, const char *hex,
    struct nitro_buf *out, struct nitro_fault *fault)
{
	char path[NITRO_KEPT_PATH_SIZE + 2 * NITRO_KEPT_HEX_SIZE];
	char found[NITRO_KEPT_HEX_SIZE];
	nitro_err err;

	(void)snprintf(path, sizeof path, "%s/%s.%s", folder, hex, suffix);
	if ((err = nitro_secure_file_read(path, out, fault)) != NITRO_OK)
		return err;
	if (nitro_kept_name(nitro_bytes_of_buf(out), found) != NITRO_OK ||
	    strcmp(found, hex) != 0)
		return nitro_fault_set(fault, NITRO_E_FILE_READ, path, 0,
		    "is not the file that it was when it was kept");
	return NITRO_OK;
}
