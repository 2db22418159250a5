#include "evidence/crypto_error.h"

#include <openssl/err.h>

nitro_err
nitro_crypto_reason(nitro_err err)
{
	unsigned long error;

	while (err != NITRO_OK && (error = ERR_get_error()) != 0)
		if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
			err = NITRO_E_MEMORY;
	ERR_clear_error();
	return err;
}
