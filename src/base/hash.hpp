#pragma once
// SHA-256 (OpenSSL, SHA-NI) and random identifiers. Thread-safe.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hub {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  Digest finish();  // once

 private:
  void* context_;
};

Digest sha256(std::string_view bytes);
std::string to_hex(std::string_view bytes);
std::string to_hex(const Digest&);

// `bytes` random bytes from the kernel, as lower-case hex (twice as many characters).
std::string random_hex(std::size_t bytes);

// UUID version 7 (RFC 9562): sorts by the given time, "018f…-…-7…-…".
std::string uuid_v7(std::int64_t unix_millis);

// Takes the same time whatever the contents; false at once only for another length.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace hub
