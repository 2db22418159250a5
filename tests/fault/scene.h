/*
 * A login that is to fail: who comes with which document, and what the host
 * has. Each worker has a service, settings and an evidence store of its own.
 */
#ifndef FAULT_SCENE_H
#define FAULT_SCENE_H

#include "module/login.h"

enum scene_store {
	STORE_NONE, /* the settings have none */
	STORE_FULL, /* no tally, one record is too old, one was never finished */
	STORE_TALLY,  /* as the last login has left it */
	STORE_MISSING /* the first login ever makes it */
};

struct scene {
	const char *name;
	const char *user;     /* NULL: deploy */
	nitro_err expected;   /* without a fault */
	struct client client; /* script is the form's */
	enum scene_store store;
	bool is_member;   /* of a group that a rule lists */
	bool is_unlisted; /* the account stage leaves it to others */
	bool has_folder;  /* measurements in a folder of files */
	/*
	 * Up to the first prompt all scenes with the same files are the same:
	 * the first one alone has its allocations fail there.
	 */
	bool has_new_files;
	unsigned memory_step; /* one of the child's in so many; 0 for all */
	bool is_nitrotpm, is_stranger, is_expired; /* whose chain it has */
};

/* False where this host cannot have it. */
bool scene_is_possible(const struct scene *scene);

/* All of them. */
const struct scene *scenes(size_t *count);

#define SCENE_WORKERS_MAX 64

/* Once: the chains, and the files of the workers. */
void scenes_begin(struct stack *stack, unsigned workers);
void scenes_end(void);

/* Before the logins of a scene. */
void scene_begin(
    const struct scene *scene, struct stack *stack, unsigned worker);

/* Before each login: the store as the scene has it. */
void scene_reset(
    const struct scene *scene, const struct stack *stack, unsigned worker);

/* After a login that went well, for STORE_TALLY. */
void scene_keep_tally(
    const struct scene *scene, const struct stack *stack, unsigned worker);

/* For login_open(). */
void scene_login(const struct scene *scene, unsigned worker, bool in_parts,
    struct login *login);

/* Called when a prompt is there, and when the first answer is ready. */
extern void (*scene_on_prompt)(void);
extern void (*scene_on_answer)(void);

#endif
