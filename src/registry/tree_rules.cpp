// What the paths and files of an artifact may be. One rule, one reason.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include <utf8proc.h>

#include "registry/text.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

constexpr std::size_t path_bytes_max = 240;
constexpr std::size_t levels_max = 16;
constexpr git::TreeLimits limits{};

tl::unexpected<Error> refuse(std::string_view path, const std::string& why, const char* reason,
                             const std::string& hint, boost::json::object details = {}) {
  details["file"] = path;
  details["path"] = path;
  return fail(ErrorCode::invalid, "cannot publish " + std::string(path) + ": " + why, reason, hint,
              std::move(details));
}

std::vector<std::string_view> components_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = path.find('/');
    parts.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return parts;
    path.remove_prefix(end + 1);
  }
}

// Controls, and marks that make one name look like another.
bool is_hidden_codepoint(utf8proc_int32_t point) {
  const auto between = [point](utf8proc_int32_t low, utf8proc_int32_t high) {
    return point >= low && point <= high;
  };
  return between(0, 0x1F) || between(0x7F, 0x9F) || point == 0xAD || point == 0x61C ||
         between(0x200B, 0x200F) || between(0x2028, 0x202E) || between(0x2060, 0x206F) ||
         point == 0x034F || point == 0x115F || point == 0x1160 || point == 0x180E ||
         point == 0x3164 || point == 0xFEFF || point == 0xFFA0 || between(0xE0000, 0xE007F);
}

// The first one as "U+202E"; empty when there is none. The text is UTF-8.
std::string hidden_codepoint(std::string_view text) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t size = utf8proc_iterate(at, left, &point);
    if (size <= 0) return "not UTF-8";
    if (is_hidden_codepoint(point)) {
      std::array<char, 16> name{};
      std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(point));
      return name.data();
    }
    at += size;
    left -= size;
  }
  return {};
}

bool is_device_name(std::string_view component) {
  const std::string stem = ascii_lower(component.substr(0, component.find('.')));
  constexpr std::array devices{"con", "nul", "aux", "prn", "conin$", "conout$", "clock$"};
  if (std::ranges::find(devices, stem) != devices.end()) return true;
  if (!stem.starts_with("com") && !stem.starts_with("lpt")) return false;
  const std::string_view number = std::string_view(stem).substr(3);
  // Windows takes superscript digits for digits.
  return (number.size() == 1 && number[0] >= '1' && number[0] <= '9') || number == "\u00b9" ||
         number == "\u00b2" || number == "\u00b3";
}

Result<> check_component(std::string_view path, std::string_view component) {
  const std::string lower = ascii_lower(component);
  if (component.empty() || component == "." || component == "..") {
    return refuse(path, "it does not stay inside the artifact", "path_unsafe",
                  "use plain relative names", {{"observed", component}});
  }
  if (lower == ".git" || lower == "git~1" || lower == ".gitmodules" || lower == ".git." ||
      lower.starts_with(".git ")) {
    return refuse(path, "git keeps the name " + std::string(component) + " for itself",
                  "path_reserved", "remove or rename it", {{"observed", component}});
  }
  if (is_device_name(component)) {
    return refuse(path, "Windows keeps the name " + std::string(component) + " for a device",
                  "path_reserved", "rename it", {{"observed", component}});
  }
  if (component.back() == '.' || component.back() == ' ') {
    return refuse(path, "a name ends with a dot or a space", "path_unsafe", "rename it",
                  {{"observed", component}});
  }
  return {};
}

}  // namespace

Result<> check_path(std::string_view path) {
  if (!is_utf8(path)) {
    return fail(ErrorCode::invalid, "cannot publish a file: its name is not UTF-8", "path_not_utf8",
                "rename it",
                {{"file", "?"}, {"path_hex", to_hex(path)}, {"observed", to_hex(path)}});
  }
  if (path.size() > path_bytes_max) {
    return refuse(path, "its path is too long", "path_too_long", "use shorter names",
                  {{"limit", path_bytes_max}, {"observed", path.size()}});
  }
  if (const std::string hidden = hidden_codepoint(path); !hidden.empty()) {
    return refuse(path, "its name has control or invisible characters (" + hidden + ")",
                  "path_unsafe", "rename it", {{"observed", hidden}});
  }
  if (!is_nfc(path)) {
    return refuse(path, "its name is not in Unicode normal form C", "path_not_nfc",
                  "rename it; some systems write accents as characters of their own",
                  {{"observed", to_hex(path)}});
  }
  if (path.find_first_of("\\:") != std::string_view::npos) {
    return refuse(path, "its name has a backslash or a colon", "path_unsafe", "rename it",
                  {{"observed", path.substr(path.find_first_of("\\:"), 1)}});
  }
  const auto components = components_of(path);
  if (components.size() > levels_max) {
    return refuse(path, "it is too many directories deep", "path_too_deep", "use fewer directories",
                  {{"limit", levels_max}, {"observed", components.size()}});
  }
  for (const auto component : components) HUB_CHECK(check_component(path, component));
  return {};
}

Result<> check_together(std::span<const ArtifactFile> files) {
  if (std::ssize(files) > limits.files_max) {
    return fail(
        ErrorCode::invalid, "cannot publish: too many files", "tree_too_many_files",
        "publish fewer files",
        {{"file", files.back().path}, {"limit", limits.files_max}, {"observed", files.size()}});
  }
  std::int64_t total = 0;
  std::map<std::string, std::string, std::less<>> seen;  // folded path -> path, directories too
  std::map<std::string, bool, std::less<>> is_directory;
  for (const auto& file : files) {
    total += file.size_bytes;
    if (file.size_bytes > limits.file_bytes_max) {
      return refuse(file.path, "it is too large", "file_too_large", "publish a smaller file",
                    {{"limit", limits.file_bytes_max}, {"observed", file.size_bytes}});
    }
    if (total > limits.bytes_max) {
      return refuse(file.path, "the files are too large together", "tree_too_large",
                    "publish fewer or smaller files",
                    {{"limit", limits.bytes_max}, {"observed", total}});
    }
    for (auto end = file.path.find('/');; end = file.path.find('/', end + 1)) {
      const std::string prefix = file.path.substr(0, end);
      const auto [at, fresh] = seen.emplace(fold(prefix), prefix);
      const bool directory = end != std::string::npos;
      const auto [kind, first] = is_directory.emplace(prefix, directory);
      if ((!fresh && at->second != prefix) || (!first && !(kind->second && directory))) {
        return refuse(file.path, "on some systems it is the same as " + at->second,
                      "path_case_collision", "rename one of the two",
                      {{"other", at->second}, {"observed", at->second}});
      }
      if (!directory) break;
    }
  }
  return {};
}

}  // namespace hub::registry
