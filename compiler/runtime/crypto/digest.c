/* Hashes: EVP_MD. */
#include "crypto.h"

#define DIGEST(native, name)                                                                                                  \
    const void *CryptoNative_Evp##native(void) { return crypto_algorithm("EVP_" #name); }
DIGEST(Md5, md5)
DIGEST(Sha1, sha1)
DIGEST(Sha256, sha256)
DIGEST(Sha384, sha384)
DIGEST(Sha512, sha512)
DIGEST(Sha3_256, sha3_256)
DIGEST(Sha3_384, sha3_384)
DIGEST(Sha3_512, sha3_512)
DIGEST(Shake128, shake128)
DIGEST(Shake256, shake256)

int32_t CryptoNative_GetMaxMdSize(void) { return 64; }

int32_t CryptoNative_EvpMdSize(const EVP_MD *type) {
    const CryptoLibrary *crypto = crypto_library();
    return crypto->EVP_MD_get_size ? crypto->EVP_MD_get_size(type) : crypto->EVP_MD_size(type);
}

EVP_MD_CTX *CryptoNative_EvpMdCtxCreate(const EVP_MD *type) {
    const CryptoLibrary *crypto = crypto_library();
    EVP_MD_CTX *context = crypto->EVP_MD_CTX_new();
    if (context && !crypto->EVP_DigestInit_ex(context, type, NULL)) {
        crypto->EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

EVP_MD_CTX *CryptoNative_EvpMdCtxCopyEx(const EVP_MD_CTX *from) {
    const CryptoLibrary *crypto = crypto_library();
    EVP_MD_CTX *context = crypto->EVP_MD_CTX_new();
    if (context && !crypto->EVP_MD_CTX_copy_ex(context, from)) {
        crypto->EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

void CryptoNative_EvpMdCtxDestroy(EVP_MD_CTX *context) {
    if (context)
        crypto_library()->EVP_MD_CTX_free(context);
}

int32_t CryptoNative_EvpDigestReset(EVP_MD_CTX *context, const EVP_MD *type) {
    return crypto_library()->EVP_DigestInit_ex(context, type, NULL);
}

int32_t CryptoNative_EvpDigestUpdate(EVP_MD_CTX *context, const void *data, int32_t length) {
    return crypto_library()->EVP_DigestUpdate(context, data, (size_t)length);
}

int32_t CryptoNative_EvpDigestFinalEx(EVP_MD_CTX *context, uint8_t *hash, uint32_t *size) {
    unsigned int written = 0;
    int32_t result = crypto_library()->EVP_DigestFinal_ex(context, hash, &written);
    if (result)
        *size = written;
    return result;
}

int32_t CryptoNative_EvpDigestFinalXOF(EVP_MD_CTX *context, uint8_t *hash, uint32_t length) {
    /* OpenSSL 3 refuses to write nothing, which is no error here. */
    return length == 0 ? 1 : crypto_library()->EVP_DigestFinalXOF(context, hash, length);
}

int32_t CryptoNative_EvpDigestCurrent(const EVP_MD_CTX *context, uint8_t *hash, uint32_t *size) {
    EVP_MD_CTX *copy = CryptoNative_EvpMdCtxCopyEx(context);
    int32_t result = copy ? CryptoNative_EvpDigestFinalEx(copy, hash, size) : 0;
    CryptoNative_EvpMdCtxDestroy(copy);
    return result;
}

int32_t CryptoNative_EvpDigestCurrentXOF(const EVP_MD_CTX *context, uint8_t *hash, uint32_t length) {
    EVP_MD_CTX *copy = CryptoNative_EvpMdCtxCopyEx(context);
    int32_t result = copy ? CryptoNative_EvpDigestFinalXOF(copy, hash, length) : 0;
    CryptoNative_EvpMdCtxDestroy(copy);
    return result;
}

int32_t CryptoNative_EvpDigestSqueeze(EVP_MD_CTX *context, uint8_t *hash, uint32_t length, int32_t *has_feature) {
    const CryptoLibrary *crypto = crypto_library();
    *has_feature = crypto->EVP_DigestSqueeze != NULL;
    return *has_feature ? crypto->EVP_DigestSqueeze(context, hash, length) : 0;
}

int32_t CryptoNative_EvpDigestOneShot(const EVP_MD *type, const void *source, int32_t source_size, uint8_t *hash, uint32_t *size) {
    EVP_MD_CTX *context = CryptoNative_EvpMdCtxCreate(type);
    int32_t result = context && CryptoNative_EvpDigestUpdate(context, source, source_size) && CryptoNative_EvpDigestFinalEx(context, hash, size);
    CryptoNative_EvpMdCtxDestroy(context);
    return result;
}

int32_t CryptoNative_EvpDigestXOFOneShot(const EVP_MD *type, const void *source, int32_t source_size, uint8_t *hash, uint32_t length) {
    EVP_MD_CTX *context = CryptoNative_EvpMdCtxCreate(type);
    int32_t result = context && CryptoNative_EvpDigestUpdate(context, source, source_size) && CryptoNative_EvpDigestFinalXOF(context, hash, length);
    CryptoNative_EvpMdCtxDestroy(context);
    return result;
}
