#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "sim/internal.h"

static void
drop_file(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

static void
drop_cert(X509 **cert)
{
	X509_free(*cert);
}

static FILE *
open_in(const char *folder, const char *name, int flags, mode_t mode)
{
	char path[4096];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file;
	int fd;

	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if ((fd = open(path, flags | O_CLOEXEC, mode)) < 0)
		return NULL;
	/* The mode as asked for, whatever the umask takes away. */
	if ((flags & O_CREAT) != 0)
		(void)fchmod(fd, mode);
	file = fdopen(fd, (flags & O_ACCMODE) == O_RDONLY ? "r" : "w");
	if (file == NULL)
		close(fd);
	return file;
}

static bool
read_key(const char *folder, struct sim_pki *root, const char **why)
{
	NITRO_DROP(drop_file) FILE *file = NULL;

	*why = "cannot open root.key (nitro-sim init makes it)";
	if ((file = open_in(folder, "root.key", O_RDONLY, 0)) == NULL)
		return false;
	*why = "root.key is not a private key in PEM";
	root->cert[SIM_ROOT].key = PEM_read_PrivateKey_ex(
	    file, NULL, NULL, NULL, sim_library(), NULL);
	return root->cert[SIM_ROOT].key != NULL;
}

static bool
read_cert(const char *folder, struct sim_pki *root, const char **why)
{
	NITRO_DROP(drop_file) FILE *file = NULL;
	NITRO_DROP(drop_cert) X509 *cert = NULL;
	unsigned char *der = NULL;
	bool is_read;
	int len;

	*why = "cannot open root.pem (nitro-sim init makes it)";
	if ((file = open_in(folder, "root.pem", O_RDONLY, 0)) == NULL)
		return false;
	*why = "root.pem is not a certificate in PEM";
	if ((cert = PEM_read_X509(file, NULL, NULL, NULL)) == NULL ||
	    (len = i2d_X509(cert, &der)) <= 0)
		return false;
	is_read = nitro_buf_append(&root->cert[SIM_ROOT].der,
		      (struct nitro_bytes){der, (size_t)len}) == NITRO_OK;
	OPENSSL_free(der);
	*why = "root.key is not the key of root.pem";
	return is_read &&
	       X509_check_private_key(cert, root->cert[SIM_ROOT].key) == 1;
}

bool
sim_folder_open(const char *folder, struct sim_pki *root, const char **why)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki opened = {0};

	if (!read_key(folder, &opened, why) || !read_cert(folder, &opened, why))
		return false;
	*root = opened;
	opened = (struct sim_pki){0};
	return true;
}

static bool
write_key(const char *folder, const struct sim_pki *pki)
{
	NITRO_DROP(drop_file) FILE *file = NULL;

	file = open_in(folder, "root.key", O_WRONLY | O_CREAT | O_EXCL, 0600);
	return file != NULL &&
	       PEM_write_PrivateKey(file, pki->cert[SIM_ROOT].key, NULL, NULL,
		   0, NULL, NULL) == 1 &&
	       fflush(file) == 0;
}

static bool
write_cert(const char *folder, const struct sim_pki *pki)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf pem = {0};
	NITRO_DROP(drop_file) FILE *file = NULL;

	if (!sim_pki_root_pem(pki, &pem))
		return false;
	file = open_in(folder, "root.pem", O_WRONLY | O_CREAT | O_EXCL, 0644);
	return file != NULL && fwrite(pem.ptr, 1, pem.len, file) == pem.len &&
	       fflush(file) == 0;
}

bool
sim_folder_init(const char *folder, int64_t now_s, const char **why)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki pki = {0};
	struct sim_options options = {.time_s = now_s};

	*why = "libcrypto cannot make a PKI";
	if (!sim_pki_make(&options, &pki))
		return false;
	if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
		*why = strerror(errno);
		return false;
	}
	/* The key first, and O_EXCL: of two at once, one fails here. */
	if (!write_key(folder, &pki)) {
		*why = errno == EEXIST ? "there is a root.key already"
				       : "cannot write root.key";
		return false;
	}
	if (!write_cert(folder, &pki)) {
		*why = errno == EEXIST ? "there is a root.pem already"
				       : "cannot write root.pem";
		return false;
	}
	return true;
}
