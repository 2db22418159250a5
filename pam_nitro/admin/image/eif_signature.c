#include "admin/image/eif_signature.h"

#include <openssl/evp.h>

#include "admin/image/eif_cose.h"
#include "evidence/cbor_reader.h"
#include "evidence/cert_facts.h"
#include "evidence/limits.h"

struct pcr_signature {
	struct nitro_buf certificate; /* PEM */
	struct nitro_buf cose;
};

static void
drop_pcr_signature(struct pcr_signature *signature)
{
	nitro_buf_drop(&signature->certificate);
	nitro_buf_drop(&signature->cose);
}

static void
drop_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* The image's builder writes bytes as an array of small numbers. */
static nitro_err
read_numbers(struct nitro_cbor *r, size_t max, struct nitro_buf *out)
{
	nitro_err err;

	nitro_cbor_enter_array(r, max);
	while (nitro_cbor_more(r)) {
		const uint64_t byte = nitro_cbor_uint(r);

		if (byte > UINT8_MAX)
			nitro_cbor_fail(r, NITRO_E_CBOR_TYPE);
		if ((err = nitro_buf_append_byte(out, (uint8_t)byte)) !=
		    NITRO_OK)
			return err;
	}
	return nitro_cbor_error(r);
}

static nitro_err
read_pcr_signature(struct nitro_cbor *r, struct pcr_signature *signature)
{
	nitro_err err;

	nitro_cbor_enter_map(r, 2);
	while (nitro_cbor_more(r)) {
		struct nitro_bytes key = nitro_cbor_text(r);

		if (nitro_bytes_equal_text(key, "signing_certificate") &&
		    signature->certificate.len == 0)
			err = read_numbers(r, NITRO_EIF_SIGNATURE_MAX,
			    &signature->certificate);
		else if (nitro_bytes_equal_text(key, "signature") &&
			 signature->cose.len == 0)
			err = read_numbers(
			    r, NITRO_EVIDENCE_MAX, &signature->cose);
		else
			return NITRO_E_CBOR_TYPE;
		if (err != NITRO_OK)
			return err;
	}
	return nitro_cbor_error(r);
}

/* A second signature is refused: no builder writes one, and who reads which? */
static nitro_err
read_only_signature(struct nitro_bytes section, struct pcr_signature *signature)
{
	struct nitro_cbor r;
	nitro_err err;

	nitro_cbor_open(&r, section);
	nitro_cbor_enter_array(&r, 1);
	if (!nitro_cbor_more(&r))
		nitro_cbor_fail(&r, NITRO_E_CBOR);
	if ((err = read_pcr_signature(&r, signature)) != NITRO_OK)
		return err;
	if (nitro_cbor_more(&r))
		nitro_cbor_fail(&r, NITRO_E_CBOR_LIMIT);
	return nitro_cbor_finish(&r);
}

/* The payload is {"register_index": 0, "register_value": PCR0}. */
static bool
payload_is_pcr0(
    struct nitro_bytes payload, const uint8_t pcr0[NITRO_SHA384_LEN])
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf value = {0};
	struct nitro_cbor r;
	uint64_t index = UINT64_MAX;

	nitro_cbor_open(&r, payload);
	nitro_cbor_enter_map(&r, 2);
	while (nitro_cbor_more(&r)) {
		struct nitro_bytes key = nitro_cbor_text(&r);

		if (nitro_bytes_equal_text(key, "register_index"))
			index = nitro_cbor_uint(&r);
		else if (nitro_bytes_equal_text(key, "register_value")) {
			if (read_numbers(&r, NITRO_SHA384_LEN, &value) !=
			    NITRO_OK)
				return false;
		} else
			return false;
	}
	return nitro_cbor_finish(&r) == NITRO_OK && index == 0 &&
	       nitro_bytes_equal(nitro_bytes_of_buf(&value),
		   (struct nitro_bytes){pcr0, NITRO_SHA384_LEN});
}

/* Whatever is wrong with the signature is told; what is wrong here is an error. */
static nitro_err
judge(struct nitro_bytes cose, struct nitro_bytes certificate,
    struct nitro_eif *eif)
{
	NITRO_DROP(drop_key) EVP_PKEY *key = NULL;
	struct nitro_bytes payload = {0};
	nitro_err err;

	eif->signature = NITRO_EIF_SIGNATURE_INVALID;
	if ((err = nitro_cert_public_key(certificate, &key)) != NITRO_OK)
		return err;
	err = nitro_eif_cose_verify(cose, key, &payload);
	if (err == NITRO_E_MEMORY || err == NITRO_E_CRYPTO)
		return err;
	if (err == NITRO_OK && !payload_is_pcr0(payload, eif->pcr0))
		eif->signature_fault = "it was made over another PCR0";
	else if (err == NITRO_OK)
		eif->signature = NITRO_EIF_SIGNED;
	else if (err == NITRO_E_COSE_ALG)
		eif->signature_fault = "its algorithm is not the one of ES256, "
				       "ES384 and ES512 that goes with the "
				       "certificate's key";
	else if (err == NITRO_E_COSE_SIG)
		eif->signature_fault = "it is not by the certificate's key";
	else
		eif->signature_fault = "it is no COSE_Sign1 message";
	return NITRO_OK;
}

nitro_err
nitro_eif_signature_judge(struct nitro_bytes section, struct nitro_eif *eif)
{
	NITRO_DROP(drop_pcr_signature) struct pcr_signature signature = {0};
	NITRO_DROP(nitro_buf_drop) struct nitro_buf der = {0};
	uint8_t digest[NITRO_SHA384_LEN];
	nitro_err err;

	if ((err = read_only_signature(section, &signature)) != NITRO_OK ||
	    (err = nitro_cert_from_pem(
		 nitro_bytes_of_buf(&signature.certificate), &der)) !=
		NITRO_OK ||
	    (err = nitro_sha384(nitro_bytes_of_buf(&der), digest)) !=
		NITRO_OK ||
	    (err = judge(nitro_bytes_of_buf(&signature.cose),
		 nitro_bytes_of_buf(&der), eif)) != NITRO_OK ||
	    (err = nitro_pcr_of((struct nitro_bytes){digest, sizeof digest},
		 eif->pcr8)) != NITRO_OK)
		return err;
	eif->certificate = der;
	der = (struct nitro_buf){0};
	return NITRO_OK;
}
