// How a cursor's failure is told: the place, what stands there, what to do.
#include <algorithm>

#include "registry/json_cursor.hpp"

namespace hub::registry {
namespace {

constexpr std::size_t npos = std::string_view::npos;

}  // namespace

TextPlace place_in(std::string_view bytes, std::size_t offset) {
  const std::string_view before = bytes.substr(0, offset);
  const auto start = before.rfind('\n');
  return {static_cast<std::int64_t>(std::ranges::count(before, '\n')) + 1,
          static_cast<std::int64_t>(start == npos ? offset + 1 : offset - start)};
}

Error refused_text(std::string_view bytes, std::size_t offset, const std::string& file,
                   const std::string& why, const char* reason, const std::string& hint,
                   boost::json::object details) {
  const TextPlace place = place_in(bytes, offset);
  details["file"] = file;
  details["line"] = place.line;
  details["column"] = place.column;
  details["offset"] = static_cast<std::int64_t>(offset);
  return Error{ErrorCode::invalid,
               "cannot read " + file + ": line " + std::to_string(place.line) + ", column " +
                   std::to_string(place.column) + ": " + why,
               reason, hint, std::move(details)};
}

namespace {

// A merge that nobody finished. A JSON string holds no raw line break, so no value looks like this.
std::size_t find_conflict_marker(std::string_view bytes) {
  for (std::size_t at = 0; at != npos && at < bytes.size();) {
    const std::string_view line = bytes.substr(at);
    if (line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>")) return at;
    at = bytes.find('\n', at);
    if (at != npos) ++at;
  }
  return npos;
}

// What stands there, short enough for a message. What is not text there is left out.
std::string around(std::string_view bytes, std::size_t offset) {
  constexpr std::size_t chars_max = 24;
  std::string seen;
  for (const char c : bytes.substr(std::min(offset, bytes.size()), chars_max)) {
    if (c < 0x20 || c == 0x7F) break;
    seen += c;
  }
  return seen;
}

}  // namespace

Error refused_json(const JsonCursor& cursor, const std::string& file) {
  const auto refuse = [&](std::size_t at, const std::string& why, const char* reason,
                          const std::string& hint, boost::json::object details = {}) {
    return refused_text(cursor.bytes(), at, file, why, reason, hint, std::move(details));
  };
  if (const auto marker = find_conflict_marker(cursor.bytes()); marker != npos) {
    return refuse(marker, "a merge conflict was left here", "json_conflict_markers",
                  "resolve the conflict, or restore the file from its history",
                  {{"observed", around(cursor.bytes(), marker)}});
  }
  const std::size_t at = cursor.offset();
  switch (cursor.failure()) {
    case JsonCursor::Failure::none:
    case JsonCursor::Failure::syntax: break;
    case JsonCursor::Failure::truncated:
      return refuse(at, cursor.what(), "json_truncated",
                    "restore the file from its history: its end is missing",
                    {{"observed", cursor.bytes().size()}});
    case JsonCursor::Failure::duplicate_key:
      return refuse(at, cursor.what(), "json_duplicate_key", "keep one of the two",
                    {{"observed", around(cursor.bytes(), at)}});
    case JsonCursor::Failure::too_deep:
      return refuse(at, cursor.what(), "json_too_deep", "nest it less deeply",
                    {{"limit", JsonCursor::depth_max}, {"observed", JsonCursor::depth_max + 1}});
    case JsonCursor::Failure::not_utf8: {
      const auto byte = static_cast<unsigned char>(cursor.bytes()[at]);
      return refuse(at, cursor.what(), "json_not_utf8", "save the file as UTF-8",
                    {{"observed", byte}});
    }
  }
  return refuse(at, cursor.what(), "json_syntax",
                "mend the file there, or restore it from its history",
                {{"observed", around(cursor.bytes(), at)}});
}

}  // namespace hub::registry
