#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "base/hex.h"
#include "sim/internal.h"

static OSSL_LIB_CTX *library;
static CRYPTO_ONCE library_once = CRYPTO_ONCE_STATIC_INIT;

static void
make_library(void)
{
	library = OSSL_LIB_CTX_new();
}

OSSL_LIB_CTX *
sim_library(void)
{
	if (CRYPTO_THREAD_run_once(&library_once, make_library) != 1)
		return NULL;
	return library;
}

static void
drop_cert(X509 **cert)
{
	X509_free(*cert);
}

static void
drop_bio(BIO **bio)
{
	BIO_free(*bio);
}

struct nitro_bytes
sim_instance_id(struct nitro_bytes module_id)
{
	size_t end = module_id.len;

	while (end > 0 && module_id.ptr[end - 1] != '-')
		end--;
	return nitro_bytes_slice(
	    module_id, 0, end > 1 ? end - 1 : module_id.len);
}

uint64_t
sim_enclave_number(struct nitro_bytes module_id)
{
	struct nitro_bytes rest = nitro_bytes_slice(
	    module_id, sim_instance_id(module_id).len, module_id.len);
	uint8_t bytes[8] = {0};
	uint64_t number = 0;

	if (!nitro_bytes_has_prefix(rest, "-enc") ||
	    !nitro_hex_decode(nitro_bytes_slice(rest, 4, rest.len), bytes, 8))
		return 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		number = number << 8 | bytes[i];
	return number;
}

static bool
take_root(const struct sim_pki *from, struct sim_pki *pki)
{
	if (nitro_buf_append(&pki->cert[SIM_ROOT].der,
		nitro_bytes_of_buf(&from->cert[SIM_ROOT].der)) != NITRO_OK ||
	    EVP_PKEY_up_ref(from->cert[SIM_ROOT].key) != 1)
		return false;
	pki->cert[SIM_ROOT].key = from->cert[SIM_ROOT].key;
	return true;
}

static bool
name_module(const struct sim_options *options, struct sim_pki *pki)
{
	const char *name = options->module_id;

	pki->kind = options->kind == NITRO_KIND_NONE ? NITRO_KIND_ENCLAVE
						     : options->kind;
	if (name == NULL)
		name = pki->kind == NITRO_KIND_ENCLAVE ? SIM_MODULE_ID_ENCLAVE
						       : SIM_MODULE_ID_NITROTPM;
	return name[0] != '\0' && nitro_bytes_to_text(nitro_bytes_of_text(name),
				      pki->module_id, sizeof(pki->module_id));
}

bool
sim_pki_make(const struct sim_options *options, struct sim_pki *pki)
{
	NITRO_DROP(sim_pki_drop) struct sim_pki made = {0};
	unsigned first = options->same_root == NULL ? SIM_ROOT : SIM_REGIONAL;

	if (options->time_s == 0 || !name_module(options, &made))
		return false;
	if (options->same_root != NULL && !take_root(options->same_root, &made))
		return false;
	for (unsigned at = first; at < SIM_POSITIONS; at++)
		if (!sim_cert_make(options, &made, (enum sim_position)at))
			return false;
	*pki = made;
	made = (struct sim_pki){0};
	return true;
}

void
sim_pki_drop(struct sim_pki *pki)
{
	for (unsigned at = 0; at < SIM_POSITIONS; at++) {
		EVP_PKEY_free(pki->cert[at].key);
		nitro_buf_drop(&pki->cert[at].der);
	}
	*pki = (struct sim_pki){0};
}

bool
sim_pki_root_pem(const struct sim_pki *pki, struct nitro_buf *pem)
{
	NITRO_DROP(drop_cert)
	X509 *root = sim_cert_parse(
	    nitro_bytes_of_buf(&pki->cert[SIM_ROOT].der));
	NITRO_DROP(drop_bio) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	if (root == NULL || bio == NULL || PEM_write_bio_X509(bio, root) != 1)
		return false;
	len = BIO_get_mem_data(bio, &text);
	return len > 0 &&
	       nitro_buf_append(pem, (struct nitro_bytes){(const uint8_t *)text,
					 (size_t)len}) == NITRO_OK;
}
