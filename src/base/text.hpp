#pragma once
// Plain text that more than one room writes or reads. Pure functions.

#include <cstdint>
#include <string>
#include <string_view>

namespace hub {

// Without the spaces, tabs and line ends around it; a view into `text`.
std::string_view trimmed(std::string_view text);

// With one decimal while there is one digit before it: "1.4", "14", "2".
std::string decimal_text(double value);

// A size for people: "512 B", "20 KiB", "1.4 MiB".
std::string size_text(std::int64_t bytes);

}  // namespace hub
