/* Finds OpenSSL as .NET does: the version that CLR_OPENSSL_VERSION_OVERRIDE names, else 3, else 1.1. */
#include "crypto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CryptoLibrary library;
static void *opened;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *open_version(const char *version) {
    char name[64];
    snprintf(name, sizeof name, "libcrypto.so.%s", version);
    return dlopen(name, RTLD_LAZY);
}

static bool load(void *handle) {
#define REQUIRED(result, name, parameters)                                                                                    \
    if (!(library.name = (result(*) parameters)dlsym(handle, #name)))                                                         \
        return false;
#define OPTIONAL(result, name, parameters) library.name = (result(*) parameters)dlsym(handle, #name);
    CRYPTO_FUNCTIONS(REQUIRED)
    CRYPTO_OPTIONAL_FUNCTIONS(OPTIONAL)
    return library.EVP_MD_size || library.EVP_MD_get_size;
}

static void find(void) {
    const char *asked = getenv("CLR_OPENSSL_VERSION_OVERRIDE");
    const char *versions[] = {asked ? asked : "3", "3", "1.1"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions && !opened; i++) {
        void *handle = open_version(versions[i]);
        if (handle && load(handle))
            opened = handle;
    }
}

static bool is_available(void) {
    pthread_once(&once, find);
    return opened != NULL;
}

const CryptoLibrary *crypto_library(void) {
    if (!is_available()) {
        fputs("No usable version of libssl was found\n", stderr);
        abort();
    }
    return &library;
}

const void *crypto_algorithm(const char *name) {
    crypto_library();
    const void *(*algorithm)(void) = (const void *(*)(void))dlsym(opened, name);
    return algorithm ? algorithm() : NULL;
}

int32_t CryptoNative_OpenSslAvailable(void) { return is_available(); }

int32_t CryptoNative_EnsureOpenSslInitialized(void) {
    crypto_library();
    return 0;
}

int64_t CryptoNative_OpenSslVersionNumber(void) { return (int64_t)crypto_library()->OpenSSL_version_num(); }

uint64_t CryptoNative_ErrClearError(void) {
    uint64_t last = crypto_library()->ERR_peek_last_error();
    library.ERR_clear_error();
    return last;
}

uint64_t CryptoNative_ErrPeekLastError(void) { return crypto_library()->ERR_peek_last_error(); }

uint64_t CryptoNative_ErrGetExceptionError(int32_t *is_allocation_failure) {
    uint64_t last = CryptoNative_ErrClearError();
    bool is_first = library.OpenSSL_version_num() < 0x30000000ul;
    /* ERR_R_MALLOC_FAILURE of 1.1 and of 3. */
    if (is_allocation_failure)
        *is_allocation_failure = is_first ? (last & 0xFFF) == 65 : (last & 0x7FFFFF) == 0xC0100;
    return last;
}

void CryptoNative_ErrErrorStringN(uint64_t error, char *text, int32_t size) {
    crypto_library()->ERR_error_string_n((unsigned long)error, text, (size_t)size);
}

int32_t CryptoNative_GetRandomBytes(uint8_t *buffer, int32_t length) { return crypto_library()->RAND_bytes(buffer, length) == 1; }
