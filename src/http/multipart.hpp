#pragma once
// A multipart/form-data body (RFC 7578), as browsers and curl send it: fields and files.
// Pure, any thread.

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace hub::http {

inline constexpr std::size_t parts_max = 10'100;
inline constexpr std::size_t part_head_bytes_max = 8U << 10U;

struct Part {
  std::string name;
  std::optional<std::string> file_name;  // absent: a field
  std::string_view bytes;                // of the request's body
};

bool is_multipart(const Request&);
// invalid: "body_not_multipart", "too_many_parts".
Result<std::vector<Part>> read_multipart(const Request&);

}  // namespace hub::http
