/* For the tests of policy/: texts of configuration, parsed, and what is said. */
#ifndef UNIT_POLICY_TEXT_H
#define UNIT_POLICY_TEXT_H

#include "policy/measurements.h"
#include "policy/settings.h"

/* 96 hex digits from a byte of two. */
#define POLICY_HEX4(byte) byte byte byte byte
#define POLICY_HEX(byte) \
	POLICY_HEX4(POLICY_HEX4(byte)) \
	POLICY_HEX4(POLICY_HEX4(byte)) POLICY_HEX4(POLICY_HEX4(byte))

/* One text of a file, and what a parser must say of it. */
struct policy_row {
	const char *name;
	const char *text;
	unsigned line;     /* 0 and words NULL: it is accepted */
	const char *words; /* part of fault.text */
};

/* What a parser said: 0 where that is as the row has it, else 1 and a line. */
unsigned policy_row_differs(const struct policy_row *row, nitro_err err,
    nitro_err refusal, const struct nitro_fault *fault);

/* What policy_certificate() gives for any path: the path's last component. */
nitro_err policy_certificate(const char *path, struct nitro_buf *der,
    struct nitro_fault *fault, void *context);

/* Parse as "/test/measurements.conf"; fails the test where it is refused. */
void policy_measurements(
    const char *text, struct nitro_measurements *measurements);

/* Parse as "/test/pam_nitro.conf"; fails the test where it is refused. */
void policy_settings(const char *text, struct nitro_settings *settings);

#endif
