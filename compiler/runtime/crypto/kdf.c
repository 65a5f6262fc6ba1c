/* Keys from passwords and keys from keys. */
#include "crypto.h"

#include <string.h>

enum { HKDF_WHOLE, HKDF_EXTRACT, HKDF_EXPAND };
enum { MOST_PARAMETERS = 6 };

int32_t CryptoNative_Pbkdf2(
    const char *password, int32_t password_length, const uint8_t *salt, int32_t salt_length, int32_t iterations, const EVP_MD *digest,
    uint8_t *out, int32_t out_length) {
    return crypto_library()->PKCS5_PBKDF2_HMAC(
        password ? password : "", password_length, salt ? salt : (const uint8_t *)"", salt_length, iterations, digest, out_length, out);
}

EVP_KDF *CryptoNative_EvpKdfFetch(const char *algorithm, int32_t *has_feature) {
    const CryptoLibrary *crypto = crypto_library();
    EVP_KDF *kdf = crypto->EVP_KDF_fetch ? crypto->EVP_KDF_fetch(NULL, algorithm, NULL) : NULL;
    *has_feature = kdf != NULL;
    if (!kdf)
        crypto->ERR_clear_error();
    return kdf;
}

void CryptoNative_EvpKdfFree(EVP_KDF *kdf) {
    if (kdf)
        crypto_library()->EVP_KDF_free(kdf);
}

static OSSL_PARAM octets(const char *name, const uint8_t *data, int32_t length) {
    return (OSSL_PARAM){name, OSSL_PARAM_OCTET_STRING, data ? (void *)data : (void *)"", (size_t)length, 0};
}

static OSSL_PARAM text(const char *name, const char *value) {
    return (OSSL_PARAM){name, OSSL_PARAM_UTF8_STRING, (void *)value, strlen(value), 0};
}

static int32_t derive(EVP_KDF *kdf, const OSSL_PARAM *parameters, uint8_t *out, int32_t out_length) {
    const CryptoLibrary *crypto = crypto_library();
    EVP_KDF_CTX *context = crypto->EVP_KDF_CTX_new(kdf);
    int32_t result = context && crypto->EVP_KDF_derive(context, out, (size_t)out_length, parameters) > 0;
    if (context)
        crypto->EVP_KDF_CTX_free(context);
    return result;
}

static int32_t hkdf(
    EVP_KDF *kdf, int mode, const uint8_t *key, int32_t key_length, const char *digest, const uint8_t *salt, int32_t salt_length,
    const uint8_t *info, int32_t info_length, uint8_t *out, int32_t out_length) {
    OSSL_PARAM parameters[MOST_PARAMETERS] = {
        {"mode", OSSL_PARAM_INTEGER, &mode, sizeof mode, 0}, octets("key", key, key_length), text("digest", digest)};
    int count = 3;
    if (salt_length > 0)
        parameters[count++] = octets("salt", salt, salt_length);
    if (info_length > 0)
        parameters[count++] = octets("info", info, info_length);
    return derive(kdf, parameters, out, out_length);
}

int32_t CryptoNative_HkdfDeriveKey(
    EVP_KDF *kdf, const uint8_t *key, int32_t key_length, const char *digest, const uint8_t *salt, int32_t salt_length,
    const uint8_t *info, int32_t info_length, uint8_t *out, int32_t out_length) {
    return hkdf(kdf, HKDF_WHOLE, key, key_length, digest, salt, salt_length, info, info_length, out, out_length);
}

int32_t CryptoNative_HkdfExpand(
    EVP_KDF *kdf, const uint8_t *key, int32_t key_length, const char *digest, const uint8_t *info, int32_t info_length, uint8_t *out,
    int32_t out_length) {
    return hkdf(kdf, HKDF_EXPAND, key, key_length, digest, NULL, 0, info, info_length, out, out_length);
}

int32_t CryptoNative_HkdfExtract(
    EVP_KDF *kdf, const uint8_t *key, int32_t key_length, const char *digest, const uint8_t *salt, int32_t salt_length, uint8_t *out,
    int32_t out_length) {
    return hkdf(kdf, HKDF_EXTRACT, key, key_length, digest, salt, salt_length, NULL, 0, out, out_length);
}

int32_t CryptoNative_KbkdfHmacOneShot(
    EVP_KDF *kdf, const uint8_t *key, int32_t key_length, const char *digest, const uint8_t *label, int32_t label_length,
    const uint8_t *context, int32_t context_length, uint8_t *out, int32_t out_length) {
    OSSL_PARAM parameters[MOST_PARAMETERS] = {text("mac", "HMAC"), text("digest", digest), octets("key", key, key_length)};
    int count = 3;
    if (label_length > 0)
        parameters[count++] = octets("salt", label, label_length);
    if (context_length > 0)
        parameters[count++] = octets("info", context, context_length);
    return derive(kdf, parameters, out, out_length);
}
