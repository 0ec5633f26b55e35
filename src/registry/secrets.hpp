#pragma once
// What looks like a secret that nobody wants to publish: private keys, files of credentials, tokens
// of well-known services. Pure, any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hub::registry {

struct Secret {
  std::string_view kind;  // "private key"; never the secret itself
  std::int64_t line = 1;  // where it begins; 1 when it is the file's name that tells
};

// By the name or the bytes of one file.
std::optional<Secret> find_secret(std::string_view path, std::string_view bytes);

// The same in the middle of a file: the first byte only tells what stands before the second.
std::optional<Secret> find_secret_inside(std::string_view bytes);

// No secret's mark is longer.
inline constexpr std::size_t secret_bytes_max = 128;

}  // namespace hub::registry
