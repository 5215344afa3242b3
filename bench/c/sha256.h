/* SHA-256: libcrypto's with -DLIBCRYPTO, else a plain portable one (slower, which flatters whoever is compared with it). */
#ifndef SHA256_H
#define SHA256_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sha256_hex(const uint8_t *bytes, char *digest) {
  for (int i = 0; i < 32; i++) sprintf(digest + 2 * i, "%02x", bytes[i]);
}

#ifdef LIBCRYPTO
#include <openssl/evp.h>
typedef EVP_MD_CTX Sha256;

static Sha256 *sha256_begin(void) {
  EVP_MD_CTX *sha = EVP_MD_CTX_new();
  EVP_DigestInit_ex(sha, EVP_sha256(), NULL);
  return sha;
}
static void sha256_update(Sha256 *sha, const uint8_t *data, size_t length) { EVP_DigestUpdate(sha, data, length); }
static void sha256_end(Sha256 *sha, char *digest) {
  uint8_t bytes[32];
  EVP_DigestFinal_ex(sha, bytes, NULL);
  EVP_MD_CTX_free(sha);
  sha256_hex(bytes, digest);
}
#else
typedef struct { uint32_t state[8]; uint64_t length; uint8_t block[64]; size_t used; } Sha256;

static const uint32_t SHA256_K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t sha256_rotate(uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

static void sha256_block(Sha256 *sha, const uint8_t *p) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | (uint32_t)p[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = sha256_rotate(w[i - 15], 7) ^ sha256_rotate(w[i - 15], 18) ^ (w[i - 15] >> 3);
    uint32_t b = sha256_rotate(w[i - 2], 17) ^ sha256_rotate(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  memcpy(s, sha->state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t e = sha256_rotate(s[4], 6) ^ sha256_rotate(s[4], 11) ^ sha256_rotate(s[4], 25);
    uint32_t t1 = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + SHA256_K[i] + w[i];
    uint32_t a = sha256_rotate(s[0], 2) ^ sha256_rotate(s[0], 13) ^ sha256_rotate(s[0], 22);
    uint32_t t2 = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    s[7] = s[6]; s[6] = s[5]; s[5] = s[4]; s[4] = s[3] + t1;
    s[3] = s[2]; s[2] = s[1]; s[1] = s[0]; s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) sha->state[i] += s[i];
}

static Sha256 *sha256_begin(void) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  Sha256 *sha = calloc(1, sizeof(Sha256));
  memcpy(sha->state, start, sizeof start);
  return sha;
}

static void sha256_update(Sha256 *sha, const uint8_t *data, size_t length) {
  sha->length += length;
  while (length > 0) {
    size_t part = 64 - sha->used < length ? 64 - sha->used : length;
    memcpy(sha->block + sha->used, data, part);
    sha->used += part;
    data += part;
    length -= part;
    if (sha->used == 64) {
      sha256_block(sha, sha->block);
      sha->used = 0;
    }
  }
}

static void sha256_end(Sha256 *sha, char *digest) {
  uint64_t bits = sha->length * 8;
  uint8_t end = 0x80, zero = 0, length[8], bytes[32];
  sha256_update(sha, &end, 1);
  while (sha->used != 56) sha256_update(sha, &zero, 1);
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
  sha256_update(sha, length, 8);
  for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
  free(sha);
  sha256_hex(bytes, digest);
}
#endif
#endif
