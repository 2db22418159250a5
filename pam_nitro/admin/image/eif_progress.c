#include "admin/image/eif_progress.h"

#include <stdio.h>
#include <unistd.h>

#define MIB (1024.0 * 1024.0)

struct progress {
	bool is_shown;
	unsigned percent;
};

static void
show(uint64_t done, uint64_t total, void *context)
{
	struct progress *progress = context;
	unsigned percent;

	if (!progress->is_shown || total == 0)
		return;
	percent = (unsigned)(done * 100 / total);
	if (percent == progress->percent)
		return;
	progress->percent = percent;
	(void)fprintf(stderr, "\rmeasuring %3u %% of %.0f MiB", percent,
	    (double)total / MIB);
	if (done == total)
		(void)fprintf(stderr, "\r%40s\r", "");
}

nitro_err
nitro_eif_read_shown(
    int fd, const char *path, struct nitro_eif *eif, struct nitro_fault *fault)
{
	struct progress progress = {.is_shown = isatty(STDERR_FILENO) == 1};
	nitro_err err = nitro_eif_read(fd, path, show, &progress, eif, fault);

	/* The complaint gets a line of its own. */
	if (progress.percent > 0 && progress.percent < 100)
		(void)fprintf(stderr, "\n");
	return err;
}
