#include "config.h"
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

void digest_hex(const void *a, size_t a_size, const void *b, size_t b_size, char out[DIGEST_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    /* fails only without memory or without SHA-256, and then nothing can be recorded */
    if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL) ||
        !EVP_DigestUpdate(context, a, a_size) || !EVP_DigestUpdate(context, b, b_size) ||
        !EVP_DigestFinal_ex(context, raw, &size))
        abort();
    EVP_MD_CTX_free(context);
    for (unsigned int i = 0; i < size && i < 32; i++) {
        out[2 * i] = digits[raw[i] >> 4];
        out[2 * i + 1] = digits[raw[i] & 15];
    }
    out[64] = '\0';
}
