#include "base/hash.hpp"

#include <array>
#include <new>
#include <span>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace hub {
namespace {

EVP_MD_CTX* context_of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void fill_random(std::span<char> bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters
  auto* const into = reinterpret_cast<unsigned char*>(bytes.data());
  if (RAND_bytes(into, static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("cannot make random bytes: the kernel gives none");
  }
}

// OpenSSL takes as long for ten bytes as for a kilobyte, and ids are made for each request. For
// names only: a secret's bytes are not kept in memory before they are needed.
std::string_view random_for_name(std::size_t bytes) {
  struct Block {
    std::array<char, 1024> bytes{};
    std::size_t used = sizeof(bytes);
  };
  thread_local Block block;
  if (block.bytes.size() - block.used < bytes) {
    fill_random(block.bytes);
    block.used = 0;
  }
  block.used += bytes;
  return {&block.bytes.at(block.used - bytes), bytes};
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  if (EVP_DigestInit_ex(context_of(context_), EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(context_of(context_));
    throw std::runtime_error("cannot start SHA-256: OpenSSL refuses");
  }
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_of(context_)); }

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(context_of(context_), bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  Digest digest{};
  EVP_DigestFinal_ex(context_of(context_), digest.data(), nullptr);
  return digest;
}

Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

std::string to_hex(const Digest& digest) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_random(raw);
  return to_hex(raw);
}

std::string uuid_v7(std::int64_t unix_millis) {
  std::string raw(6, '\0');
  for (std::size_t i = 0; i < 6; ++i) {
    raw[i] =
        static_cast<char>((static_cast<std::uint64_t>(unix_millis) >> (8U * (5U - i))) & 0xffU);
  }
  std::string hex = to_hex(raw) + to_hex(random_for_name(10));
  hex[12] = '7';
  static constexpr char variants[] = "89ab";
  hex[16] = variants[static_cast<unsigned char>(hex[16]) & 3U];
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, 1, '-');
  return hex;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hub
