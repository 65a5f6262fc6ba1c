/* Keyed hashes: HMAC, and KMAC by EVP_MAC where the library is OpenSSL 3. */
#include "crypto.h"

/* OpenSSL takes a null key for "the key of before": an empty one needs an address. */
static const uint8_t empty_key[1];

static const uint8_t *key_or_empty(const uint8_t *key, int32_t length) { return length == 0 ? empty_key : key; }

HMAC_CTX *CryptoNative_HmacCreate(const uint8_t *key, int32_t key_length, const EVP_MD *type) {
    const CryptoLibrary *crypto = crypto_library();
    HMAC_CTX *context = crypto->HMAC_CTX_new();
    if (context && !crypto->HMAC_Init_ex(context, key_or_empty(key, key_length), key_length, type, NULL)) {
        crypto->HMAC_CTX_free(context);
        return NULL;
    }
    return context;
}

HMAC_CTX *CryptoNative_HmacCopy(HMAC_CTX *from) {
    const CryptoLibrary *crypto = crypto_library();
    HMAC_CTX *context = crypto->HMAC_CTX_new();
    if (context && !crypto->HMAC_CTX_copy(context, from)) {
        crypto->HMAC_CTX_free(context);
        return NULL;
    }
    return context;
}

void CryptoNative_HmacDestroy(HMAC_CTX *context) {
    if (context)
        crypto_library()->HMAC_CTX_free(context);
}

int32_t CryptoNative_HmacReset(HMAC_CTX *context) { return crypto_library()->HMAC_Init_ex(context, NULL, 0, NULL, NULL); }

int32_t CryptoNative_HmacUpdate(HMAC_CTX *context, const uint8_t *data, int32_t length) {
    return crypto_library()->HMAC_Update(context, data, (size_t)length);
}

int32_t CryptoNative_HmacFinal(HMAC_CTX *context, uint8_t *hash, int32_t *size) {
    unsigned int written = (unsigned int)*size;
    int32_t result = crypto_library()->HMAC_Final(context, hash, &written);
    *size = (int32_t)written;
    return result;
}

int32_t CryptoNative_HmacCurrent(HMAC_CTX *context, uint8_t *hash, int32_t *size) {
    HMAC_CTX *copy = CryptoNative_HmacCopy(context);
    int32_t result = copy ? CryptoNative_HmacFinal(copy, hash, size) : 0;
    CryptoNative_HmacDestroy(copy);
    return result;
}

int32_t CryptoNative_HmacOneShot(
    const EVP_MD *type, const uint8_t *key, int32_t key_size, const uint8_t *source, int32_t source_size, uint8_t *hash, int32_t *size) {
    unsigned int written = (unsigned int)*size;
    unsigned char *result =
        crypto_library()->HMAC(type, key_or_empty(key, key_size), key_size, source, (size_t)source_size, hash, &written);
    *size = (int32_t)written;
    return result != NULL;
}

EVP_MAC *CryptoNative_EvpMacFetch(const char *algorithm, int32_t *has_feature) {
    const CryptoLibrary *crypto = crypto_library();
    *has_feature = crypto->EVP_MAC_fetch != NULL;
    EVP_MAC *mac = *has_feature ? crypto->EVP_MAC_fetch(NULL, algorithm, NULL) : NULL;
    if (!mac) {
        *has_feature = 0;
        crypto->ERR_clear_error();
    }
    return mac;
}

void CryptoNative_EvpMacFree(EVP_MAC *mac) {
    if (mac)
        crypto_library()->EVP_MAC_free(mac);
}

EVP_MAC_CTX *CryptoNative_EvpMacCtxNew(EVP_MAC *mac) { return crypto_library()->EVP_MAC_CTX_new(mac); }

EVP_MAC_CTX *CryptoNative_EvpMacCtxDup(const EVP_MAC_CTX *context) { return crypto_library()->EVP_MAC_CTX_dup(context); }

void CryptoNative_EvpMacCtxFree(EVP_MAC_CTX *context) {
    if (context)
        crypto_library()->EVP_MAC_CTX_free(context);
}

int32_t CryptoNative_EvpMacInit(
    EVP_MAC_CTX *context, uint8_t *key, int32_t key_length, uint8_t *custom, int32_t custom_length, int32_t is_xof) {
    OSSL_PARAM parameters[3] = {{"xof", OSSL_PARAM_INTEGER, &is_xof, sizeof is_xof, 0}};
    if (custom_length > 0)
        parameters[1] = (OSSL_PARAM){"custom", OSSL_PARAM_OCTET_STRING, custom, (size_t)custom_length, 0};
    return crypto_library()->EVP_MAC_init(context, key_or_empty(key, key_length), (size_t)key_length, parameters);
}

int32_t CryptoNative_EvpMacUpdate(EVP_MAC_CTX *context, const uint8_t *data, int32_t length) {
    return length <= 0 ? 1 : crypto_library()->EVP_MAC_update(context, data, (size_t)length);
}

int32_t CryptoNative_EvpMacFinal(EVP_MAC_CTX *context, uint8_t *hash, int32_t length) {
    size_t written = 0;
    return length == 0 ? 1 : crypto_library()->EVP_MAC_final(context, hash, &written, (size_t)length);
}

int32_t CryptoNative_EvpMacReset(EVP_MAC_CTX *context) { return crypto_library()->EVP_MAC_init(context, NULL, 0, NULL); }

int32_t CryptoNative_EvpMacCurrent(const EVP_MAC_CTX *context, uint8_t *hash, int32_t length) {
    EVP_MAC_CTX *copy = CryptoNative_EvpMacCtxDup(context);
    int32_t result = copy ? CryptoNative_EvpMacFinal(copy, hash, length) : 0;
    CryptoNative_EvpMacCtxFree(copy);
    return result;
}

int32_t CryptoNative_EvpMacOneShot(
    EVP_MAC *mac, uint8_t *key, int32_t key_length, uint8_t *custom, int32_t custom_length, const uint8_t *data, int32_t data_length,
    uint8_t *hash, int32_t length, int32_t is_xof) {
    EVP_MAC_CTX *context = CryptoNative_EvpMacCtxNew(mac);
    /* The length of a KMAC that is no XOF is part of what it hashes. */
    size_t size = (size_t)length;
    OSSL_PARAM parameters[4] = {{"xof", OSSL_PARAM_INTEGER, &is_xof, sizeof is_xof, 0}, {"size", 2, &size, sizeof size, 0}};
    if (custom_length > 0)
        parameters[2] = (OSSL_PARAM){"custom", OSSL_PARAM_OCTET_STRING, custom, (size_t)custom_length, 0};
    int32_t result = context && crypto_library()->EVP_MAC_init(context, key_or_empty(key, key_length), (size_t)key_length, parameters) &&
                     CryptoNative_EvpMacUpdate(context, data, data_length) && CryptoNative_EvpMacFinal(context, hash, length);
    CryptoNative_EvpMacCtxFree(context);
    return result;
}
