#include "base/text.hpp"

#include <array>
#include <cstdio>

namespace hub {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) + 1 - first);
}

std::string decimal_text(double value) {
  std::array<char, 32> text{};
  const char* format = value < 9.95 ? "%.1f" : "%.0f";
  const int length = std::snprintf(text.data(), text.size(), format, value);
  std::string out(text.data(), static_cast<std::size_t>(length));
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

std::string size_text(std::int64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.5 would be written as 1024.
  while (value >= 1023.5 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return decimal_text(value) + " " + units[unit];
}

}  // namespace hub
