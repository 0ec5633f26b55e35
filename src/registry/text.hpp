#pragma once
// Unicode as names and search need it (utf8proc). Pure functions, any thread.

#include <string>
#include <string_view>
#include <vector>

namespace hub::registry {

std::size_t utf8_prefix(std::string_view);  // how many bytes of it are UTF-8
bool is_utf8(std::string_view);
bool is_nfc(std::string_view);  // false for text that is not UTF-8

// NFC and full case folding: "Straße" and "STRASSE" fold alike. Two names that fold alike are
// aliases of each other. Text that is not UTF-8 comes back unchanged.
std::string fold(std::string_view);

std::string ascii_lower(std::string_view);

// Up to `count` of `candidates` that look like `wanted`, best first: those that contain it, then
// those a few edits away.
std::vector<std::string> nearest_names(std::string_view wanted,
                                       const std::vector<std::string>& candidates,
                                       std::size_t count = 5);

std::string joined(const std::vector<std::string>&);  // with commas

}  // namespace hub::registry
