/*
 * What pam_nitro.so imports and what failing looks like, function by function.
 *
 *	FN(type, name, parameters, arguments, modes...)  wrapped by the table
 *	VD(name, parameters, arguments)  gives nothing, so only what it
 *	                                 allocates fails
 *	BY_HAND(name, modes...)          wrapped in by_hand.c
 *
 * A mode is {value, errno, flags, why a login may go on all the same}.
 */
#ifndef FAULT_FUNCTIONS_H
#define FAULT_FUNCTIONS_H

#include <openssl/opensslv.h>

/* What a name service that is down looks like. */
#define FEWER \
	"who is listed by name needs no group; a group is asked for its own"
#define ROOM "asked again with more room"
#define AGAIN "asked again after EINTR"
#define REST "asked for the rest"
#define WIDER "a limit of memory that is wider"
#define LINE "whether the log takes a line is only asked"
#define HELD "SIGXFSZ is then not held back"
#define MADE "a store that is missing is made; a limit is wider"

/* What OpenSSL has as const from 4.0 on. */
#if OPENSSL_VERSION_MAJOR >= 4
#define SINCE_4(word) word
#else
#define SINCE_4(word)
#endif

#define FAULT_CRYPTO(FN, VD) \
	FN(int, ASN1_INTEGER_get_int64, (int64_t * a, const ASN1_INTEGER *b), \
	    (a, b), {0}) \
	FN(const unsigned char *, ASN1_STRING_get0_data, \
	    (const ASN1_STRING *a), (a), {0}) \
	FN(BIO *, BIO_new_mem_buf, (const void *a, int b), (a, b), {0}) \
	FN(BIGNUM *, BN_bin2bn, (const unsigned char *a, int b, BIGNUM *c), \
	    (a, b, c), {0}) \
	FN(ECDSA_SIG *, ECDSA_SIG_new, (void), (), {0}) \
	FN(int, ECDSA_SIG_set0, (ECDSA_SIG * a, BIGNUM * b, BIGNUM * c), \
	    (a, b, c), {0}) \
	FN(unsigned long, ERR_get_error, (void), (), \
	    {0, 0, 0, "asked after a failure alone, for a better reason"}) \
	FN(unsigned long, ERR_peek_last_error, (void), (), {0}) \
	FN(int, EVP_DigestVerify, \
	    (EVP_MD_CTX * a, const unsigned char *b, size_t c, \
		const unsigned char *d, size_t e), \
	    (a, b, c, d, e), {0}, {-1}) \
	FN(int, EVP_DigestVerifyInit_ex, \
	    (EVP_MD_CTX * a, EVP_PKEY_CTX * *b, const char *c, \
		OSSL_LIB_CTX *d, const char *e, EVP_PKEY *f, \
		const OSSL_PARAM g[]), \
	    (a, b, c, d, e, f, g), {0}, {-1}) \
	FN(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), {0}) \
	FN(int, OBJ_obj2nid, (const ASN1_OBJECT *a), (a), {0}) \
	FN(OPENSSL_STACK *, OPENSSL_sk_new_null, (void), (), {0}) \
	FN(int, OPENSSL_sk_num, (const OPENSSL_STACK *a), (a), {-1}) \
	FN(int, OPENSSL_sk_push, (OPENSSL_STACK * a, const void *b), (a, b), \
	    {0}, {-1}) \
	FN(void *, OPENSSL_sk_value, (const OPENSSL_STACK *a, int b), (a, b), \
	    {0}) \
	FN(OSSL_LIB_CTX *, OSSL_LIB_CTX_new, (void), (), {0}) \
	FN(int, OSSL_PROVIDER_add_builtin, \
	    (OSSL_LIB_CTX * a, const char *b, OSSL_provider_init_fn *c), \
	    (a, b, c), {0}) \
	FN(OSSL_PROVIDER *, OSSL_PROVIDER_load, \
	    (OSSL_LIB_CTX * a, const char *b), (a, b), {0}) \
	FN(const OSSL_ALGORITHM *, OSSL_PROVIDER_query_operation, \
	    (const OSSL_PROVIDER *a, int b, int *c), (a, b, c), {0}) \
	FN(int, OSSL_PROVIDER_unload, (OSSL_PROVIDER * a), (a), \
	    {0, 0, FAULT_CALLS, "the context goes, and it with it"}) \
	FN(int, PEM_read_bio, \
	    (BIO * a, char **b, char **c, unsigned char **d, long *e), \
	    (a, b, c, d, e), {0}) \
	FN(int, SHA256_Init, (SHA256_CTX * a), (a), {0}) \
	FN(int, SHA256_Update, (SHA256_CTX * a, const void *b, size_t c), \
	    (a, b, c), {0}) \
	FN(int, SHA256_Final, (unsigned char *a, SHA256_CTX *b), (a, b), {0}) \
	FN(int, SHA384_Init, (SHA512_CTX * a), (a), {0}) \
	FN(int, SHA384_Update, (SHA512_CTX * a, const void *b, size_t c), \
	    (a, b, c), {0}) \
	FN(int, SHA384_Final, (unsigned char *a, SHA512_CTX *b), (a, b), {0}) \
	FN(SINCE_4(const) ASN1_OBJECT *, X509_EXTENSION_get_object, \
	    (SINCE_4(const) X509_EXTENSION * a), (a), {0}) \
	FN(int, X509_NAME_entry_count, (const X509_NAME *a), (a), {0}, {-1}) \
	FN(int, X509_PUBKEY_get0_param, \
	    (ASN1_OBJECT * *a, const unsigned char **b, int *c, \
		X509_ALGOR **d, const X509_PUBKEY *e), \
	    (a, b, c, d, e), {0}) \
	FN(STACK_OF(X509) *, X509_STORE_CTX_get0_chain, \
	    (const X509_STORE_CTX *a), (a), {0}) \
	FN(X509_VERIFY_PARAM *, X509_STORE_CTX_get0_param, \
	    (const X509_STORE_CTX *a), (a), {0}) \
	FN(int, X509_STORE_CTX_get_error, (const X509_STORE_CTX *a), (a), {0}) \
	FN(int, X509_STORE_CTX_init, \
	    (X509_STORE_CTX * a, X509_STORE * b, SINCE_4(const) X509 * c, \
		STACK_OF(X509) * d), \
	    (a, b, c, d), {0}) \
	FN(X509_STORE_CTX *, X509_STORE_CTX_new_ex, \
	    (OSSL_LIB_CTX * a, const char *b), (a, b), {0}) \
	FN(int, X509_STORE_add_cert, \
	    (X509_STORE * a, SINCE_4(const) X509 * b), (a, b), {0}) \
	FN(X509_STORE *, X509_STORE_new, (void), (), {0}) \
	FN(int, X509_VERIFY_PARAM_set_flags, \
	    (X509_VERIFY_PARAM * a, unsigned long b), (a, b), {0}) \
	FN(int, X509_cmp, (const X509 *a, const X509 *b), (a, b), {-1}, {-2}) \
	FN(EVP_PKEY *, X509_get0_pubkey, (const X509 *a), (a), {0}) \
	FN(const ASN1_INTEGER *, X509_get0_serialNumber, (const X509 *a), (a), \
	    {0}) \
	FN(SINCE_4(const) X509_PUBKEY *, X509_get_X509_PUBKEY, \
	    (const X509 *a), (a), {0}) \
	FN(const ASN1_TIME *, X509_get0_notAfter, (const X509 *a), (a), {0}) \
	FN(const ASN1_TIME *, X509_get0_notBefore, (const X509 *a), (a), {0}) \
	FN(SINCE_4(const) X509_EXTENSION *, X509_get_ext, \
	    (const X509 *a, int b), (a, b), {0}) \
	FN(void *, X509_get_ext_d2i, (const X509 *a, int b, int *c, int *d), \
	    (a, b, c, d), {0}) \
	FN(uint32_t, X509_get_extension_flags, (SINCE_4(const) X509 * a), (a), \
	    {EXFLAG_INVALID}) \
	FN(SINCE_4(const) X509_NAME *, X509_get_issuer_name, (const X509 *a), \
	    (a), {0}) \
	FN(uint32_t, X509_get_key_usage, (SINCE_4(const) X509 * a), (a), {0}) \
	FN(EVP_PKEY *, X509_get_pubkey, (SINCE_4(const) X509 * a), (a), {0}) \
	FN(int, RAND_set_DRBG_type, \
	    (OSSL_LIB_CTX * a, const char *b, const char *c, const char *d, \
		const char *e), \
	    (a, b, c, d, e), {0}) \
	FN(int, X509_get_signature_nid, (const X509 *a), (a), {0}) \
	FN(SINCE_4(const) X509_NAME *, X509_get_subject_name, (const X509 *a), \
	    (a), {0}) \
	FN(long, X509_get_version, (const X509 *a), (a), {-1}) \
	FN(X509 *, X509_new_ex, (OSSL_LIB_CTX * a, const char *b), (a, b), \
	    {0}) \
	FN(int, X509_self_signed, (SINCE_4(const) X509 * a, int b), (a, b), \
	    {0}, {-1}) \
	FN(int, X509_verify_cert, (X509_STORE_CTX * a), (a), {0}, {-1}) \
	FN(int, i2d_ECDSA_SIG, (const ECDSA_SIG *a, unsigned char **b), \
	    (a, b), {0}, {-1}) \
	VD(X509_ALGOR_get0, \
	    (const ASN1_OBJECT **a, int *b, const void **c, \
		const X509_ALGOR *d), \
	    (a, b, c, d)) \
	VD(X509_VERIFY_PARAM_set_time, (X509_VERIFY_PARAM * a, time_t b), \
	    (a, b))

#define FAULT_CONFIG(FN, VD) \
	FN(int, config_read_string, (config_t * a, const char *b), (a, b), \
	    {CONFIG_FALSE}) \
	FN(config_setting_t *, config_setting_get_elem, \
	    (const config_setting_t *a, unsigned b), (a, b), {0}) \
	FN(const char *, config_setting_get_string, \
	    (const config_setting_t *a), (a), {0}) \
	VD(config_init, (config_t * a), (a)) \
	VD(config_destroy, (config_t * a), (a))

#define FAULT_PAM(FN, VD) \
	FN(int, pam_get_data, \
	    (const pam_handle_t *a, const char *b, const void **c), (a, b, c), \
	    {PAM_NO_MODULE_DATA}, {PAM_SYSTEM_ERR}) \
	FN(int, pam_get_item, (const pam_handle_t *a, int b, const void **c), \
	    (a, b, c), {PAM_SYSTEM_ERR}, {PAM_BAD_ITEM}) \
	FN(const char *, pam_getenv, (pam_handle_t * a, const char *b), \
	    (a, b), {0}) \
	FN(int, pam_putenv, (pam_handle_t * a, const char *b), (a, b), \
	    {PAM_BUF_ERR}, {PAM_SYSTEM_ERR}) \
	FN(int, pam_set_data, \
	    (pam_handle_t * a, const char *b, void *c, \
		void (*d)(pam_handle_t * e, void *f, int g)), \
	    (a, b, c, d), {PAM_BUF_ERR}, {PAM_SYSTEM_ERR})

#define FAULT_SYSTEM(FN, VD) \
	FN(int, clock_gettime, (clockid_t a, struct timespec * b), (a, b), \
	    {-1, EINVAL}) \
	FN(int, clock_nanosleep, \
	    (clockid_t a, int b, const struct timespec *c, \
		struct timespec *d), \
	    (a, b, c, d), {EINVAL, 0, 0, "before a refusal alone"}, \
	    {EINTR, 0, FAULT_NOT_ON, AGAIN}) \
	FN(int, socket, (int a, int b, int c), (a, b, c), \
	    {-1, EMFILE, 0, LINE}) \
	FN(int, connect, (int a, __CONST_SOCKADDR_ARG b, socklen_t c), \
	    (a, b, c), {-1, ECONNREFUSED, 0, LINE}, {-1, EAGAIN, 0, LINE}) \
	FN(int, sigpending, (sigset_t * a), (a), {-1, EFAULT, 0, HELD}) \
	FN(int, sigtimedwait, \
	    (const sigset_t *a, siginfo_t *b, const struct timespec *c), \
	    (a, b, c), {-1, EAGAIN, 0, HELD}, \
	    {-1, EINTR, FAULT_NOT_ON, AGAIN}) \
	FN(int, close, (int a), (a), \
	    {-1, EIO, FAULT_CALLS, "the descriptor is gone all the same"}, \
	    {-1, EINTR, FAULT_CALLS, "the descriptor is gone all the same"}) \
	FN(int, closedir, (DIR * a), (a), \
	    {-1, EIO, FAULT_CALLS, "the descriptor is gone all the same"}) \
	FN(int, dup2, (int a, int b), (a, b), {-1, EBADF}) \
	FN(DIR *, fdopendir, (int a), (a), {0, ENOMEM}) \
	FN(int, flock, (int a, int b), (a, b), \
	    {-1, EWOULDBLOCK, FAULT_NOT_ON, \
		"tried again for a quarter of a second"}, \
	    {-1, ENOLCK}, {-1, EINTR, FAULT_NOT_ON, AGAIN}) \
	FN(int, fstat, (int a, struct stat *b), (a, b), {-1, EIO}, \
	    {-1, ENOMEM}) \
	FN(int, fstatat, (int a, const char *b, struct stat *c, int d), \
	    (a, b, c, d), {-1, EIO}, \
	    {-1, ENOENT, FAULT_IN_JUDGED, \
		"another login may have removed it"}) \
	FN(int, fsync, (int a), (a), {-1, EIO}, {-1, EINTR}) \
	FN(int, ftruncate, (int a, off_t b), (a, b), \
	    {-1, EIO, 0, "a tally that is not believed is counted anew"}) \
	FN(int, gethostname, (char *a, size_t b), (a, b), {-1, ENAMETOOLONG}) \
	FN(int, getgroups, (int a, gid_t *b), (a, b), \
	    {-1, EINVAL, 0, \
		"then they are dropped without having been counted"}) \
	FN(pid_t, getppid, (void), (), {1}) \
	FN(int, getrlimit, (__rlimit_resource_t a, struct rlimit * b), (a, b), \
	    {-1, EINVAL}) \
	FN(int, kill, (pid_t a, int b), (a, b), {-1, EPERM}) \
	FN(int, pipe2, (int a[2], int b), (a, b), {-1, EMFILE}, {-1, ENFILE}) \
	FN(int, poll, (struct pollfd * a, nfds_t b, int c), (a, b, c), \
	    {-1, EINTR, 0, "only how long to wait"}, \
	    {-1, ENOMEM, 0, "only how long to wait"}, \
	    {0, 0, 0, "only how long to wait"}) \
	FN(int, pthread_mutex_lock, (pthread_mutex_t * a), (a), {EINVAL}) \
	FN(int, pthread_sigmask, (int a, const sigset_t *b, sigset_t *c), \
	    (a, b, c), \
	    {EINVAL, 0, 0, "the second cannot fail where the first has not"}) \
	FN(scmp_filter_ctx, seccomp_init, (uint32_t a), (a), {0}) \
	FN(int, seccomp_load, (const scmp_filter_ctx a), (a), {-EINVAL}, \
	    {-ENOMEM}, {-ECANCELED}) \
	FN(int, setgroups, (size_t a, const gid_t *b), (a, b), {-1, EPERM}) \
	FN(int, setresgid, (gid_t a, gid_t b, gid_t c), (a, b, c), \
	    {-1, EPERM}, {-1, EAGAIN}) \
	FN(int, setresuid, (uid_t a, uid_t b, uid_t c), (a, b, c), \
	    {-1, EPERM}, {-1, EAGAIN}) \
	FN(int, setrlimit, (__rlimit_resource_t a, const struct rlimit *b), \
	    (a, b), {-1, EPERM}) \
	FN(int, sigaction, \
	    (int a, const struct sigaction *b, struct sigaction *c), \
	    (a, b, c), {-1, EFAULT}, \
	    {-1, EINVAL, FAULT_IN_CHILD, "what cannot be caught is not"}) \
	FN(int, sigprocmask, (int a, const sigset_t *b, sigset_t *c), \
	    (a, b, c), {-1, EINVAL}) \
	FN(long, sysconf, (int a), (a), \
	    {-1, EINVAL, 0, "a limit of memory that is another"}) \
	FN(pid_t, waitpid, (pid_t a, int *b, int c), (a, b, c), \
	    {-1, ECHILD, 0, "the host has reaped it; what it said counts"}, \
	    {-1, EINTR, FAULT_NOT_ON, AGAIN}, \
	    {0, 0, FAULT_NOT_ON, "asked again a little later"}) \
	FN(int, lstat, (const char *a, struct stat *b), (a, b), \
	    {-1, EIO, FAULT_IN_JUDGED, "read as a file, and judged as one"}) \
	FN(int, mkdirat, (int a, const char *b, mode_t c), (a, b, c), \
	    {-1, ENOSPC}) \
	FN(int, nanosleep, (const struct timespec *a, struct timespec *b), \
	    (a, b), {-1, EINTR, 0, "a pause that may be short"}) \
	FN(ssize_t, pwrite, (int a, const void *b, size_t c, off_t d), \
	    (a, b, c, d), \
	    {-1, ENOSPC, 0, "a tally that is not believed is counted anew"}, \
	    {0, 0, 0, "a tally that is not believed is counted anew"}) \
	FN(ssize_t, pread, (int a, void *b, size_t c, off_t d), (a, b, c, d), \
	    {-1, EIO, 0, "the folder itself is counted"}, \
	    {0, 0, 0, "the folder itself is counted"}) \
	FN(int, renameat, (int a, const char *b, int c, const char *d), \
	    (a, b, c, d), {-1, EIO}) \
	FN(int, renameat2, \
	    (int a, const char *b, int c, const char *d, unsigned e), \
	    (a, b, c, d, e), {-1, EIO}, {-1, EEXIST}, \
	    {-1, ENOSYS, 0, "renameat(2) after a look does"}, \
	    {-1, EINVAL, 0, "renameat(2) after a look does"}) \
	FN(int, unlinkat, (int a, const char *b, int c), (a, b, c), {-1, EIO}, \
	    {-1, ENOENT, 0, "another login may have removed it"}) \
	VD(qsort, \
	    (void *a, size_t b, size_t c, \
		int (*d)(const void *e, const void *f)), \
	    (a, b, c, d)) \
	VD(seccomp_release, (scmp_filter_ctx a), (a))

/* Their parameters differ from how they fail, or vary. */
#define FAULT_BY_HAND(BY_HAND) \
	BY_HAND( \
	    cbor_stream_decode, {CBOR_DECODER_ERROR}, {CBOR_DECODER_NEDATA}) \
	BY_HAND(d2i_X509, {0}) \
	BY_HAND(getgrgid_r, {ENOMEM}, {EIO}, {ERANGE, 0, 0, ROOM}, \
	    {ENOENT, 0, 0, FEWER}, {EINTR, 0, FAULT_NOT_ON, AGAIN}) \
	BY_HAND(getgrnam_r, {ENOMEM}, {EIO}, {ERANGE, 0, 0, ROOM}, \
	    {ENOENT, 0, 0, FEWER}, {EINTR, 0, FAULT_NOT_ON, AGAIN}) \
	BY_HAND(getgrouplist, {-1, 0, 0, ROOM}, {1, 0, 0, FEWER}) \
	BY_HAND(getpwnam_r, {ENOMEM}, {EIO}, {ERANGE, 0, 0, ROOM}, \
	    {ENOENT, 0, 0, FEWER}, {EINTR, 0, FAULT_NOT_ON, AGAIN}) \
	BY_HAND(getrandom, {-1, ENOSYS}, {0, 0, FAULT_CALLS}, \
	    {-1, EINTR, FAULT_NOT_ON, AGAIN}, \
	    {0, 0, FAULT_SHORT | FAULT_NOT_ON, REST}) \
	BY_HAND(fcntl, {-1, EINVAL}) \
	BY_HAND(fork, {-1, EAGAIN}, {-1, ENOMEM}) \
	BY_HAND(open, {-1, EMFILE, FAULT_IN_CHILD, WIDER}, \
	    {-1, EACCES, FAULT_IN_JUDGED | FAULT_IN_CHILD, MADE}, \
	    {-1, EINTR, FAULT_IN_CHILD, WIDER}) \
	BY_HAND(openat, {-1, EMFILE}, {-1, EACCES, FAULT_IN_JUDGED, MADE}, \
	    {-1, EINTR}) \
	BY_HAND(prctl, {-1, EINVAL}, {-1, EPERM}) \
	BY_HAND(read, \
	    {-1, EIO, FAULT_IN_JUDGED | FAULT_IN_CHILD, \
		"a pipe is read again, and a wider limit"}, \
	    {0, 0, FAULT_CALLS, \
		"a file that was cut is read again, an answer is refused"}, \
	    {-1, EINTR, FAULT_NOT_ON, AGAIN}, \
	    {0, 0, FAULT_SHORT | FAULT_NOT_ON, REST}) \
	BY_HAND(readdir, {0, EIO}) \
	BY_HAND(seccomp_rule_add, {-EINVAL}, {-ENOMEM}) \
	BY_HAND(syscall_capset, {-1, EPERM}) \
	BY_HAND(syscall_seccomp, \
	    {-1, EINVAL, 0, "a kernel without it; the log says so"}) \
	BY_HAND(write, {-1, ENOSPC}, {0, 0, FAULT_CALLS}, \
	    {-1, EINTR, FAULT_NOT_ON, AGAIN}, \
	    {0, 0, FAULT_SHORT | FAULT_NOT_ON, REST})

#endif
