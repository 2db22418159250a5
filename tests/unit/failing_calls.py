"""Each call that a program makes into its libraries, made to fail: once in each of
the ways in which it may, at each place of the program that makes it, the first few
times that it is made there.

The table says how a function fails. What is not in it cannot, as what looks up
by an index that was bounded, or its failure is told by another, as printf(3)'s by
ferror(3). tests/memory/fail_calls.c does it.
"""

import array
import errno
import os
import pathlib

SIZE = 4 << 20  # of the file of marks: fail_calls.c
NO_MEMORY = (0, errno.ENOMEM)
INTERRUPTED = (-1, errno.EINTR)


def minus_one(*errors):
    return tuple((-1, error) for error in errors)


def rows(how, names):
    return dict.fromkeys(names.split(), how)


WAYS = {
    # The C library and the kernel.
    **rows((NO_MEMORY,), "calloc realloc fopen fdopendir realpath __realpath_chk"),
    **rows(minus_one(errno.EMFILE, errno.EACCES), "open openat __open_2 pipe2 socket memfd_create"),
    **rows(minus_one(errno.EIO), """fcntl fstat fstatat lstat stat lseek pread readlink fsync fchmod fchown rename renameat unlink
        unlinkat symlinkat mkdir mkdirat rmdir fgetxattr fsetxattr fstatvfs statvfs getrlimit setrlimit
        clock_gettime kill dup2 ioctl timegm sysconf access setenv setpgid send shutdown getgrouplist
        ferror fputc fputs puts fflush sigtimedwait fwrite"""),
    **rows(minus_one(errno.EIO, errno.EINTR), "close closedir"),
    **rows(minus_one(errno.EPERM), "prctl setgroups setresgid setresuid syscall seccomp_load seccomp_rule_add"),
    **rows(minus_one(errno.EAGAIN), "fork"),
    **rows(minus_one(errno.ENOMEM), "mmap"),
    **rows((INTERRUPTED, (-1, errno.EIO)), "read"),
    **rows((INTERRUPTED, (-1, errno.ENOSPC)), "write"),
    **rows((INTERRUPTED, (-1, errno.ENOMEM)), "poll"),
    # With WNOHANG it is never interrupted.
    **rows(minus_one(errno.ECHILD), "waitpid"),
    **rows((INTERRUPTED,), "sigwaitinfo nanosleep"),
    **rows((INTERRUPTED, (-1, errno.ENOLCK), (-1, errno.EWOULDBLOCK)), "flock"),
    **rows((INTERRUPTED, (-1, errno.ECONNREFUSED)), "connect"),
    **rows(((-1, errno.ENOENT),), "execvp"),
    **rows(((0, errno.EIO),), "readdir getpwnam getgrnam"),
    **rows(((0, errno.EMFILE),), "opendir mkdtemp"),
    **rows(((errno.EIO, 0), (errno.ENOMEM, 0)), "getpwnam_r getgrgid_r"),
    **rows(((errno.ENOMEM, 0),), """posix_spawnp posix_spawn_file_actions_init posix_spawn_file_actions_addopen
        posix_spawn_file_actions_adddup2"""),
    **rows(((1, 0),), "glob"),  # GLOB_NOSPACE
    # libseccomp, libconfig, jansson.
    **rows(((0, 0),), """seccomp_init config_read_string json_array json_object json_string json_stringn json_integer
        json_loadb json_deep_copy"""),
    **rows(((-1, 0),), "json_array_append_new json_object_set_new json_dump_callback"),
    # libcrypto: 0, and where a function has two ways of saying no, -1.
    **rows(((0, 0),), """ASN1_GENERALIZEDTIME_set ASN1_INTEGER_get_int64 ASN1_TIME_diff ASN1_TIME_to_tm BIO_new_mem_buf
        BN_bin2bn ECDSA_SIG_new ECDSA_SIG_set0 EVP_DigestFinal_ex EVP_DigestInit_ex EVP_DigestUpdate
        EVP_MD_CTX_copy_ex EVP_MD_CTX_new EVP_PKEY_CTX_new_from_name EVP_PKEY_CTX_new_from_pkey
        EVP_PKEY_get0_type_name EVP_PKEY_get_group_name EVP_PKEY_new_raw_public_key EVP_Q_digest
        EVP_get_digestbyname OBJ_obj2nid OPENSSL_init_crypto OPENSSL_sk_new_null OPENSSL_sk_push
        OSSL_LIB_CTX_new OSSL_PARAM_BLD_new OSSL_PARAM_BLD_push_BN OSSL_PARAM_BLD_push_octet_string
        OSSL_PARAM_BLD_push_utf8_string OSSL_PARAM_BLD_to_param OSSL_PROVIDER_load PEM_read_bio
        PEM_read_bio_PUBKEY PKCS7_get0_signers PKCS7_get_signer_info SCT_get0_extensions SCT_get0_log_id
        SCT_get0_signature SHA256_Final SHA256_Init SHA256_Update SHA384_Final SHA384_Init SHA384_Update
        TS_RESP_get_status_info TS_RESP_verify_response TS_VERIFY_CTX_new TS_VERIFY_CTX_set_certs
        TS_VERIFY_CTX_set_data TS_VERIFY_CTX_set_store X509_PUBKEY_get0_param X509_STORE_CTX_get0_chain
        X509_STORE_CTX_init X509_STORE_CTX_new X509_STORE_CTX_new_ex X509_STORE_add_cert X509_STORE_new
        X509_STORE_set1_param X509_VERIFY_PARAM_new X509_VERIFY_PARAM_set_flags X509_check_ca
        X509_delete_ext X509_dup X509_get0_notAfter X509_get0_notBefore X509_get0_pubkey
        X509_get0_serialNumber X509_get_X509_PUBKEY X509_get_ext_d2i X509_get_issuer_name X509_get_pubkey
        X509_get_signature_nid X509_get_subject_name X509_new_ex X509_up_ref d2i_ASN1_UTF8STRING
        d2i_PUBKEY d2i_PublicKey d2i_TS_RESP d2i_X509 i2d_ECDSA_SIG i2d_PUBKEY i2d_X509_PUBKEY
        i2d_re_X509_tbs"""),
    **rows(((0, 0), (-1, 0)), """EVP_DigestVerify EVP_DigestVerifyInit_ex EVP_PKEY_CTX_set_rsa_padding
        EVP_PKEY_CTX_set_signature_md EVP_PKEY_eq EVP_PKEY_fromdata EVP_PKEY_fromdata_init EVP_PKEY_verify
        EVP_PKEY_verify_init X509_self_signed X509_verify_cert"""),
    **rows(((-1, 0),), "OBJ_obj2txt OPENSSL_sk_num X509_get_version X509_NAME_get_index_by_NID X509_cmp X509_NAME_cmp"),
}


# The descriptor is gone all the same.
MADE = {"close", "closedir"}


class FailingCalls:
    """One program, and what has been tried of it."""

    def __init__(self, library, program, folder, times=1, memory_times=1):
        self.times = {**dict.fromkeys(WAYS, times), **dict.fromkeys(("calloc", "realloc"), memory_times)}
        self.library, self.program = library, os.path.realpath(program)
        self.marks, self.names = pathlib.Path(folder) / "marks", pathlib.Path(folder) / "names"
        self.tried = set()

    def environment(self, **more):
        """Of a run, of which the marks are forgotten first."""
        with open(self.marks, "wb") as file:
            file.truncate(SIZE)
        return {"LD_PRELOAD": str(self.library), "FAIL_PROGRAM": self.program, "FAIL_MARKS": str(self.marks),
                "FAIL_NAMES": str(self.names), **more}

    def places(self):
        """(place, function, how often) of the run before."""
        names = self.names.read_text(encoding="ascii").splitlines()
        marks = array.array("H", self.marks.read_bytes())
        return [(place, names[slot - 1], marks[2 * place + 1]) for place, slot in enumerate(marks[::2]) if slot]

    def untried(self, kind):
        """What that run has reached and has not failed yet in one of this kind:
        (what it is, environment of the run in which it does)."""
        for place, function, count in self.places():
            each = [(way, number) for way in WAYS.get(function, ())
                    for number in range(min(count, self.times[function]))]
            for (value, error), number in each:
                key = (kind, place, value, error, number)
                if key in self.tried:
                    continue
                self.tried.add(key)
                yield (f"{function} from {place:#x} number {number} gives {value}, errno {error}",
                       {"FAIL_PLACE": hex(place), "FAIL_SKIP": str(number), "FAIL_VALUE": str(value), "FAIL_ERRNO": str(error),
                        "FAIL_MADE": str(int(function in MADE))})
