/* OpenSSL's libcrypto (3 or 1.1), opened at run time: the functions of it that the class library's calls need.
 *
 * Declarations are ours, so that no header of OpenSSL is needed to build for a target. */
#ifndef AOTD_CRYPTO_H
#define AOTD_CRYPTO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct hmac_ctx_st HMAC_CTX;
typedef struct evp_kdf_st EVP_KDF;
typedef struct evp_kdf_ctx_st EVP_KDF_CTX;
typedef struct evp_mac_st EVP_MAC;
typedef struct evp_mac_ctx_st EVP_MAC_CTX;

typedef struct {
    const char *key;
    unsigned int data_type;
    void *data;
    size_t data_size;
    size_t return_size;
} OSSL_PARAM;

/* X(result, name, parameters): in every supported version. */
#define CRYPTO_FUNCTIONS(X)                                                                                                   \
    X(unsigned long, ERR_peek_last_error, (void))                                                                             \
    X(void, ERR_clear_error, (void))                                                                                          \
    X(void, ERR_error_string_n, (unsigned long, char *, size_t))                                                              \
    X(unsigned long, OpenSSL_version_num, (void))                                                                             \
    X(int, RAND_bytes, (unsigned char *, int))                                                                                \
    X(EVP_MD_CTX *, EVP_MD_CTX_new, (void))                                                                                   \
    X(void, EVP_MD_CTX_free, (EVP_MD_CTX *))                                                                                  \
    X(int, EVP_MD_CTX_copy_ex, (EVP_MD_CTX *, const EVP_MD_CTX *))                                                            \
    X(int, EVP_DigestInit_ex, (EVP_MD_CTX *, const EVP_MD *, void *))                                                         \
    X(int, EVP_DigestUpdate, (EVP_MD_CTX *, const void *, size_t))                                                            \
    X(int, EVP_DigestFinal_ex, (EVP_MD_CTX *, unsigned char *, unsigned int *))                                               \
    X(int, EVP_DigestFinalXOF, (EVP_MD_CTX *, unsigned char *, size_t))                                                       \
    X(HMAC_CTX *, HMAC_CTX_new, (void))                                                                                       \
    X(void, HMAC_CTX_free, (HMAC_CTX *))                                                                                      \
    X(int, HMAC_CTX_copy, (HMAC_CTX *, HMAC_CTX *))                                                                           \
    X(int, HMAC_Init_ex, (HMAC_CTX *, const void *, int, const EVP_MD *, void *))                                             \
    X(int, HMAC_Update, (HMAC_CTX *, const unsigned char *, size_t))                                                          \
    X(int, HMAC_Final, (HMAC_CTX *, unsigned char *, unsigned int *))                                                         \
    X(unsigned char *, HMAC, (const EVP_MD *, const void *, int, const unsigned char *, size_t, unsigned char *, unsigned int *)) \
    X(int, PKCS5_PBKDF2_HMAC, (const char *, int, const unsigned char *, int, int, const EVP_MD *, int, unsigned char *))     \
    X(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void))                                                                           \
    X(void, EVP_CIPHER_CTX_free, (EVP_CIPHER_CTX *))                                                                          \
    X(int, EVP_CIPHER_CTX_set_key_length, (EVP_CIPHER_CTX *, int))                                                            \
    X(int, EVP_CIPHER_CTX_set_padding, (EVP_CIPHER_CTX *, int))                                                               \
    X(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX *, int, int, void *))                                                         \
    X(int, EVP_CipherInit_ex, (EVP_CIPHER_CTX *, const EVP_CIPHER *, void *, const unsigned char *, const unsigned char *, int)) \
    X(int, EVP_CipherUpdate, (EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int))                          \
    X(int, EVP_CipherFinal_ex, (EVP_CIPHER_CTX *, unsigned char *, int *))

/* Null where the version at hand has none. */
#define CRYPTO_OPTIONAL_FUNCTIONS(X)                                                                                          \
    X(int, EVP_MD_size, (const EVP_MD *))                                                                                     \
    X(int, EVP_MD_get_size, (const EVP_MD *))                                                                                 \
    X(int, EVP_DigestSqueeze, (EVP_MD_CTX *, unsigned char *, size_t))                                                        \
    X(EVP_KDF *, EVP_KDF_fetch, (void *, const char *, const char *))                                                         \
    X(void, EVP_KDF_free, (EVP_KDF *))                                                                                        \
    X(EVP_KDF_CTX *, EVP_KDF_CTX_new, (EVP_KDF *))                                                                            \
    X(void, EVP_KDF_CTX_free, (EVP_KDF_CTX *))                                                                                \
    X(int, EVP_KDF_derive, (EVP_KDF_CTX *, unsigned char *, size_t, const OSSL_PARAM *))                                      \
    X(EVP_MAC *, EVP_MAC_fetch, (void *, const char *, const char *))                                                         \
    X(void, EVP_MAC_free, (EVP_MAC *))                                                                                        \
    X(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC *))                                                                            \
    X(EVP_MAC_CTX *, EVP_MAC_CTX_dup, (const EVP_MAC_CTX *))                                                                  \
    X(void, EVP_MAC_CTX_free, (EVP_MAC_CTX *))                                                                                \
    X(int, EVP_MAC_init, (EVP_MAC_CTX *, const unsigned char *, size_t, const OSSL_PARAM *))                                  \
    X(int, EVP_MAC_update, (EVP_MAC_CTX *, const unsigned char *, size_t))                                                    \
    X(int, EVP_MAC_final, (EVP_MAC_CTX *, unsigned char *, size_t *, size_t))

typedef struct {
#define FIELD(result, name, parameters) result(*name) parameters;
    CRYPTO_FUNCTIONS(FIELD)
    CRYPTO_OPTIONAL_FUNCTIONS(FIELD)
#undef FIELD
} CryptoLibrary;

/* The library's functions. Ends the program with .NET's message when no usable version is installed. */
const CryptoLibrary *crypto_library(void);

/* An algorithm by the name of the function that gives it (EVP_sha256 ...); NULL where the library has none. */
const void *crypto_algorithm(const char *name);

enum { OSSL_PARAM_INTEGER = 1, OSSL_PARAM_UTF8_STRING = 4, OSSL_PARAM_OCTET_STRING = 5 };

#endif
