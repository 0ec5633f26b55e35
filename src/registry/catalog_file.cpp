#include "registry/catalog_file.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <tuple>

#include "registry/normalise.hpp"
#include "registry/text.hpp"

namespace hub::registry {
namespace {

constexpr const char* file_name = "registry.json";

tl::unexpected<Error> refuse(const std::string& why, const char* reason) {
  return fail(ErrorCode::invalid, std::string("cannot read ") + file_name + ": " + why, reason,
              "restore the file from its history", {{"file", file_name}});
}

// "2026-01-02T03:04:05", then a fraction if any, then Z or an offset.
std::optional<Time> read_time(const std::string& text) {
  namespace chrono = std::chrono;
  int year = 0, hour = 0, minute = 0, second = 0, used = 0;
  unsigned month = 0, day = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u%*[T ]%2d:%2d:%2d%n", &year, &month, &day, &hour,
                  &minute, &second, &used) != 6) {
    return std::nullopt;
  }
  std::string zone = text.substr(static_cast<std::size_t>(used));
  if (zone.starts_with('.')) {
    const auto end = zone.find_first_not_of("0123456789", 1);
    zone = end == std::string::npos ? "" : zone.substr(end);
  }
  int offset_hours = 0, offset_minutes = 0;
  char sign[] = "+";
  if (zone != "Z" && !zone.empty() &&
      std::sscanf(zone.c_str(), "%1[+-]%2d:%2d", sign, &offset_hours, &offset_minutes) != 3) {
    return std::nullopt;
  }
  const chrono::year_month_day date{chrono::year{year}, chrono::month{month}, chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  const auto offset = chrono::hours{offset_hours} + chrono::minutes{offset_minutes};
  const Time local{chrono::sys_days{date} + chrono::hours{hour} + chrono::minutes{minute} +
                   chrono::seconds{second}};
  return sign[0] == '-' ? local + offset : local - offset;
}

std::string later_of(const std::string* previous, const std::string& candidate) {
  const auto theirs = read_time(candidate);
  if (!previous) return theirs ? to_seconds_text(*theirs) : candidate;
  const auto ours = read_time(*previous);
  if (!theirs || (ours && *ours >= *theirs)) return *previous;
  return to_seconds_text(*theirs);
}

// Entries without a name go last, as found.
auto sort_key(const JsonNode& entry) {
  const std::string* name = entry.find_string("name");
  return std::tuple(name == nullptr, name ? ascii_lower(*name) : "", name ? *name : "");
}

JsonNode sorted(JsonNode entries) {
  std::vector<std::pair<decltype(sort_key(entries)), std::size_t>> order;  // the place breaks ties
  for (const auto& entry : entries.items) order.emplace_back(sort_key(entry), order.size());
  if (std::ranges::is_sorted(order)) return entries;
  std::ranges::sort(order);
  JsonNode out = JsonNode::array();
  for (const auto& [key, at] : order) out.items.push_back(std::move(entries.items[at]));
  return out;
}

JsonNode arranged(JsonNode root) {
  JsonNode ordered = JsonNode::object();
  ordered.set("version", JsonNode::number(2));
  if (JsonNode* updated_at = root.find("updated_at")) ordered.set("updated_at", *updated_at);
  for (const char* key : {"skills", "scenarios"}) {
    JsonNode* found = root.find(key);
    JsonNode entries = found && found->is_array() ? std::move(*found) : JsonNode::array();
    ordered.set(key, sorted(std::move(entries)));
  }
  for (std::size_t at = 0; at < root.keys.size(); ++at) {
    if (!ordered.find(root.keys[at])) ordered.set(root.keys[at], std::move(root.items[at]));
  }
  return ordered;
}

}  // namespace

CatalogFile CatalogFile::empty(const std::string& updated_at) {
  JsonNode root = JsonNode::object();
  if (!updated_at.empty()) root.set("updated_at", JsonNode::string(updated_at));
  CatalogFile file;
  file.root_ = arranged(std::move(root));
  return file;
}

Result<CatalogFile> CatalogFile::parse(std::string_view bytes) {
  if (bytes.empty()) return refuse("it has 0 bytes", "catalog_empty");
  HUB_TRY(root, parse_json_text(bytes, file_name));
  if (!root.is_object()) return refuse("want an object", "catalog_type");
  const JsonNode* version = root.find("version");
  const bool known =
      !version || version->kind == JsonNode::Kind::null ||
      (version->kind == JsonNode::Kind::number && (version->text == "1" || version->text == "2"));
  if (!known) {
    return refuse("version " + to_json_text(*version) + " is not known, only 1 and 2",
                  "catalog_unsupported_version");
  }
  for (const char* key : {"skills", "scenarios"}) {
    const JsonNode* entries = root.find(key);
    if (entries && !entries->is_array()) {
      return refuse(std::string(key) + ": want a list", "catalog_type");
    }
  }
  const JsonNode* updated_at = root.find("updated_at");
  if (updated_at && !updated_at->is_string())
    return refuse("updated_at: want text", "catalog_type");
  CatalogFile file;
  file.root_ = arranged(std::move(root));
  return file;
}

const JsonNode* CatalogFile::find(ArtifactKind kind, std::string_view name) const {
  const JsonNode* entries = root_.find(directory_of(kind));
  for (const auto& entry : entries->items) {
    const std::string* found = entry.find_string("name");
    if (found && *found == name) return &entry;
  }
  return nullptr;
}

Result<> CatalogFile::check_aliases(ArtifactKind kind, std::string_view name,
                                    std::string_view id) const {
  const std::string ours[] = {fold(name), fold(id)};
  for (const auto& entry : root_.find(directory_of(kind))->items) {
    const std::string* other = entry.find_string("name");
    if (!other || *other == name) continue;
    for (const char* key : {"name", "id"}) {
      const std::string* alias = entry.find_string(key);
      if (!alias || std::ranges::find(ours, fold(*alias)) == std::end(ours)) continue;
      return fail(ErrorCode::conflict,
                  "cannot publish " + to_text(kind) + " " + std::string(name) + ": " + *other +
                      " already answers to \"" + *alias + "\"",
                  "alias_conflict", "choose another name or id",
                  {{"name", name}, {"other", *other}, {"alias", *alias}});
    }
  }
  return {};
}

void CatalogFile::upsert(ArtifactKind kind, const JsonNode& entry) {
  auto& entries = root_.find(directory_of(kind))->items;
  const auto same = std::ranges::find_if(entries, [&](const JsonNode& one) {
    const std::string* name = one.find_string("name");
    return name && *name == *entry.find_string("name");
  });
  if (same == entries.end()) {
    const auto place = std::ranges::upper_bound(entries, sort_key(entry), {}, sort_key);
    entries.insert(place, entry);
  } else {
    *same = merge_entry(*same, entry);
  }
  const std::string moved =
      later_of(root_.find_string("updated_at"), *entry.find_string("updated_at"));
  const bool had_one = root_.find("updated_at") != nullptr;
  root_.set("updated_at", JsonNode::string(moved));
  if (!had_one) root_ = arranged(std::move(root_));
}

std::string CatalogFile::bytes() const { return to_json_text(root_) + "\n"; }

}  // namespace hub::registry
