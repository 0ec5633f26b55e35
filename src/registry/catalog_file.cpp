#include "registry/catalog_file.hpp"

#include <algorithm>
#include <numeric>

#include "registry/catalog_reader.hpp"
#include "registry/catalog_time.hpp"
#include "registry/catalog_walk.hpp"
#include "registry/normalise.hpp"
#include "registry/text.hpp"

namespace hub::registry {
namespace {

constexpr std::size_t entry_depth = 2;  // the object, the list

// As text compares once its ASCII letters are lower case.
std::weak_ordering compare_lower(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  };
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t at = 0; at < common; ++at) {
    if (const auto order = lower(a[at]) <=> lower(b[at]); order != 0) return order;
  }
  return a.size() <=> b.size();
}

}  // namespace

const std::vector<CatalogFile::Entry>& CatalogFile::entries(ArtifactKind kind) const {
  return kind == ArtifactKind::skill ? skills_ : scenarios_;
}

std::vector<CatalogFile::Entry>& CatalogFile::entries(ArtifactKind kind) {
  return kind == ArtifactKind::skill ? skills_ : scenarios_;
}

std::string_view CatalogFile::text_of(const Entry& entry) const {
  if (!entry.own.empty()) return entry.own;
  return std::string_view(*source_).substr(entry.at, entry.size);
}

JsonNode CatalogFile::node_of(const Entry& entry) const {
  JsonCursor cursor(text_of(entry));
  JsonNode node;
  cursor.read(node);  // it was read before
  return node;
}

// By name; those without one go last, as found.
bool CatalogFile::is_before(const Entry& a, const Entry& b) {
  if (!a.named || !b.named) return a.named && !b.named;
  const auto order = compare_lower(a.name, b.name);
  return order < 0 || (order == 0 && a.name < b.name);
}

CatalogFile::Entry CatalogFile::entry_of(const JsonNode& node) {
  Entry entry;
  entry.own = to_json_text(node, entry_depth);
  if (const std::string* name = node.find_string("name")) {
    entry.named = true;
    entry.name = *name;
  }
  if (const std::string* id = node.find_string("id")) entry.id = *id;
  return entry;
}

CatalogFile CatalogFile::empty(const std::string& updated_at) {
  CatalogFile file;
  if (!updated_at.empty()) file.updated_at_ = updated_at;
  return file;
}

void CatalogFile::take_entry(ArtifactKind kind, JsonCursor& cursor) {
  Entry entry;
  cursor.restart_canonical();
  entry.at = cursor.offset();
  JsonString key, text;
  if (cursor.enter_object()) {
    while (cursor.next_key(key)) {
      if (key.is("name") && cursor.read_string(text)) {
        entry.named = true;
        entry.name = text.text();
      } else if (key.is("id") && cursor.read_string(text)) {
        entry.id = text.text();
      } else {
        cursor.skip();
      }
    }
  } else {
    cursor.skip();
  }
  if (!cursor.ok()) return;
  entry.size = cursor.offset() - entry.at;
  if (!cursor.canonical()) {
    JsonCursor again(std::string_view(*source_).substr(entry.at, entry.size));
    append_json_text(entry.own, again, entry_depth);
  }
  entries(kind).push_back(std::move(entry));
}

Result<CatalogFile> CatalogFile::parse(std::string bytes) {
  CatalogFile file;
  file.source_ = std::make_shared<const std::string>(std::move(bytes));
  CatalogVisitor visitor;
  visitor.entry = [&file](ArtifactKind kind, JsonCursor& cursor) { file.take_entry(kind, cursor); };
  visitor.other = [&file](const std::string& key, JsonCursor& cursor) {
    append_json_text(file.others_.emplace_back(key, "").second, cursor, 1);
  };
  HUB_TRY(head, walk_catalog(*file.source_, visitor));
  file.updated_at_ = std::move(head.updated_at);
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    file.sort(kind);
  }
  return file;
}

void CatalogFile::sort(ArtifactKind kind) {
  auto& all = entries(kind);
  if (std::ranges::is_sorted(all, is_before)) return;
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&all](std::size_t a, std::size_t b) {
    return is_before(all[a], all[b]) || (!is_before(all[b], all[a]) && a < b);
  });
  std::vector<Entry> sorted;
  sorted.reserve(all.size());
  for (const std::size_t at : order) sorted.push_back(std::move(all[at]));
  all = std::move(sorted);
}

std::optional<JsonNode> CatalogFile::entry(ArtifactKind kind, std::string_view name) const {
  for (const auto& one : entries(kind)) {
    if (one.named && one.name == name) return node_of(one);
  }
  return std::nullopt;
}

std::vector<std::string> CatalogFile::names(ArtifactKind kind) const {
  std::vector<std::string> all;
  for (const auto& entry : entries(kind)) {
    if (entry.named) all.push_back(entry.name);
  }
  return all;
}

std::int64_t CatalogFile::unnamed(ArtifactKind kind) const {
  return std::ranges::count(entries(kind), false, &Entry::named);
}

std::map<std::string_view, std::string_view> CatalogFile::by_name(ArtifactKind kind) const {
  std::map<std::string_view, std::string_view> all;
  for (const auto& entry : entries(kind)) {
    if (entry.named) all.emplace(entry.name, text_of(entry));
  }
  return all;
}

std::vector<std::string> CatalogFile::differing_further_keys(const CatalogFile& other) const {
  std::map<std::string, std::pair<std::string, std::string>> values;
  for (const auto& [key, value] : others_) values[key].first = value;
  for (const auto& [key, value] : other.others_) values[key].second = value;
  std::vector<std::string> keys;
  for (const auto& [key, pair] : values) {
    if (pair.first != pair.second) keys.push_back(key);
  }
  return keys;
}

Result<> CatalogFile::check_aliases(ArtifactKind kind, std::string_view name,
                                    std::string_view id) const {
  const std::string ours[] = {fold(name), fold(id)};
  for (const auto& entry : entries(kind)) {
    if (!entry.named || entry.name == name) continue;
    for (const auto& alias : {entry.name, entry.id}) {
      if (alias.empty() || std::ranges::find(ours, fold(alias)) == std::end(ours)) continue;
      return fail(ErrorCode::conflict,
                  "cannot publish " + to_text(kind) + " " + std::string(name) + ": " + entry.name +
                      " already answers to \"" + alias + "\"",
                  "alias_conflict", "choose another name or id",
                  {{"file", "registry.json"},
                   {"name", name},
                   {"other", entry.name},
                   {"alias", alias},
                   {"observed", alias}});
    }
  }
  return {};
}

void CatalogFile::upsert(ArtifactKind kind, const JsonNode& entry) {
  auto& all = entries(kind);
  Entry fresh = entry_of(entry);
  const auto same = std::ranges::find_if(
      all, [&](const Entry& one) { return one.named && one.name == fresh.name; });
  if (same == all.end()) {
    all.insert(std::ranges::upper_bound(all, fresh, is_before), std::move(fresh));
  } else {
    *same = entry_of(merge_entry(node_of(*same), entry));
  }
  if (const std::string* time = entry.find_string("updated_at")) {
    updated_at_ = later_time(updated_at_, *time);
  }
}

CatalogFile CatalogFile::without_entries() const {
  CatalogFile file;
  file.updated_at_ = updated_at_;
  file.others_ = others_;
  return file;
}

std::string CatalogFile::bytes() const {
  constexpr std::string_view indent = "\n    ";
  std::size_t size = 256;
  for (const auto* all : {&skills_, &scenarios_}) {
    for (const auto& entry : *all) size += text_of(entry).size() + indent.size() + 1;
  }
  for (const auto& [key, value] : others_) size += (2 * key.size()) + value.size() + 16;
  std::string out;
  out.reserve(size);
  out += "{\n  \"version\": 2";
  if (updated_at_) {
    out += ",\n  \"updated_at\": ";
    append_json_string(out, *updated_at_);
  }
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    out += ",\n  \"" + directory_of(kind) + "\": [";
    for (bool first = true; const auto& entry : entries(kind)) {
      if (!first) out += ',';
      first = false;
      out += indent;
      out += text_of(entry);
    }
    out += entries(kind).empty() ? "]" : "\n  ]";
  }
  for (const auto& [key, value] : others_) {
    out += ",\n  ";
    append_json_string(out, key);
    out += ": " + value;
  }
  out += "\n}\n";
  return out;
}

Catalog CatalogFile::catalog(const std::string& commit, const std::string& digest,
                             Time fetched_at) const {
  return read_catalog(bytes(), {commit, digest, fetched_at}).value();
}

}  // namespace hub::registry
