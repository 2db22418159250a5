/*
 * Paths of the administrator's files: taken is exactly what is already in
 * its one plain form, by another way to compute that form. L03-L05 L18
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "policy/secure_file.h"

/* "/" and the components joined anew, without empty, "." and ".." ones. */
static void
normalise(const char *path, struct nitro_buf *out)
{
	while (*path != '\0') {
		const size_t len = strcspn(path, "/");

		if (len > 0 && !(len == 1 && path[0] == '.') &&
		    !(len == 2 && path[0] == '.' && path[1] == '.')) {
			fuzz_append_byte(out, '/');
			fuzz_append(out,
			    (struct nitro_bytes){(const uint8_t *)path, len});
		}
		path += len;
		path += *path == '/';
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	NITRO_DROP(nitro_text_drop) char *path = NULL;
	NITRO_DROP(nitro_buf_drop) struct nitro_buf plain = {0};
	bool want;

	path = nitro_text_copy((struct nitro_bytes){data, size});
	if (path == NULL) /* it has a NUL, and is no path at all */
		return 0;
	normalise(path, &plain);
	want = nitro_bytes_equal_text(nitro_bytes_of_buf(&plain), path) &&
	       size > 0 && size <= NITRO_PATH_MAX && fuzz_is_printable(path);
	FUZZ_CHECK(nitro_secure_path_is_valid(path) == want);
	return 0;
}

void
fuzz_seeds(void)
{
	static const char *const texts[] = {"", "/", "/etc/pam_nitro/a.conf",
	    "//etc", "/etc//a", "/etc/./a", "/etc/../a", "/etc/a/", "etc/a",
	    "/.", "/..", "/...", "/a/.b", "/a\nb", "/a b", "/a/b/c/d/e/f/g"};

	for (size_t i = 0; i < NITRO_COUNT_OF(texts); i++)
		fuzz_seed_text(texts[i]);
}
