/* Block and stream ciphers: EVP_CIPHER. Key lengths are given in bits; 0 leaves the cipher's own. */
#include "crypto.h"

enum { SET_RC2_KEY_BITS = 0x3, AEAD_SET_NONCE_LENGTH = 0x9, AEAD_GET_TAG = 0x10, AEAD_SET_TAG = 0x11, KEEP_DIRECTION = -1 };

#define CIPHER(native, name)                                                                                                  \
    const void *CryptoNative_Evp##native(void) { return crypto_algorithm("EVP_" #name); }
#define AES(bits)                                                                                                             \
    CIPHER(Aes##bits##Cbc, aes_##bits##_cbc)                                                                                  \
    CIPHER(Aes##bits##Ccm, aes_##bits##_ccm)                                                                                  \
    CIPHER(Aes##bits##Cfb128, aes_##bits##_cfb128)                                                                            \
    CIPHER(Aes##bits##Cfb8, aes_##bits##_cfb8)                                                                                \
    CIPHER(Aes##bits##Ecb, aes_##bits##_ecb)                                                                                  \
    CIPHER(Aes##bits##Gcm, aes_##bits##_gcm)
AES(128)
AES(192)
AES(256)
CIPHER(ChaCha20Poly1305, chacha20_poly1305)
CIPHER(Des3Cbc, des_ede3_cbc)
CIPHER(Des3Cfb64, des_ede3_cfb64)
CIPHER(Des3Cfb8, des_ede3_cfb8)
CIPHER(Des3Ecb, des_ede3)
CIPHER(DesCbc, des_cbc)
CIPHER(DesCfb8, des_cfb8)
CIPHER(DesEcb, des_ecb)
CIPHER(RC2Cbc, rc2_cbc)
CIPHER(RC2Ecb, rc2_ecb)

void CryptoNative_EvpCipherDestroy(EVP_CIPHER_CTX *context) {
    if (context)
        crypto_library()->EVP_CIPHER_CTX_free(context);
}

EVP_CIPHER_CTX *CryptoNative_EvpCipherCreatePartial(const EVP_CIPHER *type) {
    const CryptoLibrary *crypto = crypto_library();
    EVP_CIPHER_CTX *context = crypto->EVP_CIPHER_CTX_new();
    if (context && !crypto->EVP_CipherInit_ex(context, type, NULL, NULL, NULL, 0)) {
        crypto->EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

static bool set_key_length(EVP_CIPHER_CTX *context, const EVP_CIPHER *type, int32_t bits) {
    const CryptoLibrary *crypto = crypto_library();
    if (bits <= 0)
        return true;
    if (!crypto->EVP_CIPHER_CTX_set_key_length(context, bits / 8))
        return false;
    bool is_rc2 = type == crypto_algorithm("EVP_rc2_cbc") || type == crypto_algorithm("EVP_rc2_ecb");
    return !is_rc2 || crypto->EVP_CIPHER_CTX_ctrl(context, SET_RC2_KEY_BITS, bits, NULL) > 0;
}

EVP_CIPHER_CTX *CryptoNative_EvpCipherCreate2(const EVP_CIPHER *type, uint8_t *key, int32_t key_bits, uint8_t *iv, int32_t encrypts) {
    EVP_CIPHER_CTX *context = CryptoNative_EvpCipherCreatePartial(type);
    if (context && (!set_key_length(context, type, key_bits) || !crypto_library()->EVP_CipherInit_ex(context, NULL, NULL, key, iv, encrypts))) {
        CryptoNative_EvpCipherDestroy(context);
        return NULL;
    }
    return context;
}

int32_t CryptoNative_EvpCipherSetKeyAndIV(EVP_CIPHER_CTX *context, uint8_t *key, uint8_t *iv, int32_t encrypts) {
    return crypto_library()->EVP_CipherInit_ex(context, NULL, NULL, key, iv, encrypts);
}

int32_t CryptoNative_EvpCipherReset(EVP_CIPHER_CTX *context, uint8_t *iv, int32_t iv_length) {
    return crypto_library()->EVP_CipherInit_ex(context, NULL, NULL, NULL, iv_length > 0 ? iv : NULL, KEEP_DIRECTION);
}

int32_t CryptoNative_EvpCipherCtxSetPadding(EVP_CIPHER_CTX *context, int32_t padding) {
    return crypto_library()->EVP_CIPHER_CTX_set_padding(context, padding);
}

int32_t CryptoNative_EvpCipherUpdate(EVP_CIPHER_CTX *context, uint8_t *out, int32_t *out_length, const uint8_t *in, int32_t in_length) {
    int written = 0;
    int32_t result = crypto_library()->EVP_CipherUpdate(context, out, &written, in, in_length);
    if (result)
        *out_length = written;
    return result;
}

int32_t CryptoNative_EvpCipherFinalEx(EVP_CIPHER_CTX *context, uint8_t *out, int32_t *out_length) {
    int written = 0;
    int32_t result = crypto_library()->EVP_CipherFinal_ex(context, out, &written);
    if (result)
        *out_length = written;
    return result;
}

static int32_t control(EVP_CIPHER_CTX *context, int operation, int32_t length, void *value) {
    return crypto_library()->EVP_CIPHER_CTX_ctrl(context, operation, length, value);
}

#define AEAD(mode)                                                                                                            \
    int32_t CryptoNative_EvpCipherGet##mode##Tag(EVP_CIPHER_CTX *context, uint8_t *tag, int32_t length) {                     \
        return control(context, AEAD_GET_TAG, length, tag);                                                                   \
    }                                                                                                                         \
    int32_t CryptoNative_EvpCipherSet##mode##Tag(EVP_CIPHER_CTX *context, uint8_t *tag, int32_t length) {                     \
        return control(context, AEAD_SET_TAG, length, tag);                                                                   \
    }
AEAD(Aead)
AEAD(Ccm)
AEAD(Gcm)

int32_t CryptoNative_EvpCipherSetGcmNonceLength(EVP_CIPHER_CTX *context, int32_t length) {
    return control(context, AEAD_SET_NONCE_LENGTH, length, NULL);
}

int32_t CryptoNative_EvpCipherSetCcmNonceLength(EVP_CIPHER_CTX *context, int32_t length) {
    return control(context, AEAD_SET_NONCE_LENGTH, length, NULL);
}
