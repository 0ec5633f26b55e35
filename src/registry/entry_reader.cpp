#include "registry/entry_reader.hpp"

#include <charconv>

#include "registry/json_text.hpp"
#include "registry/normalise.hpp"

namespace hub::registry {
namespace {

enum class Field {
  unknown,
  id,
  name,
  path,
  tags,
  title,
  skills,
  version,
  install,
  publisher,
  integrity,
  title_i18n,
  updated_at,
  visibility,
  description,
  compatibility,
  description_i18n
};

Field field_of(const JsonString& key) {
  const auto either = [&key](std::initializer_list<std::pair<std::string_view, Field>> fields) {
    for (const auto& [text, field] : fields) {
      if (key.raw == text) return field;
    }
    return Field::unknown;
  };
  switch (key.raw.size()) {  // by length first: most keys differ in it
    case 2: return either({{"id", Field::id}});
    case 4: return either({{"name", Field::name}, {"path", Field::path}, {"tags", Field::tags}});
    case 5: return either({{"title", Field::title}});
    case 6: return either({{"skills", Field::skills}});
    case 7: return either({{"version", Field::version}, {"install", Field::install}});
    case 9: return either({{"publisher", Field::publisher}, {"integrity", Field::integrity}});
    case 10:
      return either({{"title_i18n", Field::title_i18n},
                     {"updated_at", Field::updated_at},
                     {"visibility", Field::visibility}});
    case 11: return either({{"description", Field::description}});
    case 13: return either({{"compatibility", Field::compatibility}});
    case 16: return either({{"description_i18n", Field::description_i18n}});
    default: break;
  }
  if (!key.escaped) return Field::unknown;
  const std::string plain = key.text();  // somebody wrote it with escapes
  return field_of({.raw = plain});
}

}  // namespace

EntryReader::EntryReader(ArtifactKind kind, JsonCursor& cursor) : cursor_(cursor) {
  entry.kind = kind;
}

void EntryReader::read() {
  start_ = cursor_.offset();
  if (!cursor_.enter_object()) {
    if (!cursor_.ok()) return;
    fault = EntryFault{"entry_type", "want an object", "write it as an object, or remove it", "",
                       start_};
    cursor_.skip();
    return;
  }
  for (JsonString key; cursor_.next_key(key);) read_field(key);
  if (cursor_.ok()) settle_name();
}

void EntryReader::read_field(const JsonString& key) {
  switch (field_of(key)) {
    case Field::id: return read_text(entry.id, "id");
    case Field::name: {
      JsonString text;
      if (cursor_.read_string(text)) {
        entry.name = text.text();
        return;
      }
      break;
    }
    case Field::path: {
      JsonString text;
      if (cursor_.read_string(text)) {
        path_ = text.text();
        return;
      }
      break;
    }
    case Field::tags: return read_texts(entry.tags, "tags");
    case Field::title: return read_text(entry.title, "title");
    case Field::skills: return read_skills();
    case Field::version: return read_text(entry.version, "version");
    case Field::install: return read_install();
    case Field::publisher: return read_publisher();
    case Field::integrity: return read_integrity();
    case Field::title_i18n: return read_object(entry.title_i18n, "title_i18n");
    case Field::updated_at: return read_text(entry.updated_at, "updated_at");
    case Field::description: return read_text(entry.description, "description");
    case Field::compatibility: return read_compatibility();
    case Field::description_i18n: return read_object(entry.description_i18n, "description_i18n");
    case Field::visibility: return read_visibility();
    case Field::unknown: break;
  }
  cursor_.skip();
}

void EntryReader::read_visibility() {
  std::string text;
  read_text(text, "visibility");
  if (text == "unlisted") entry.visibility = Visibility::unlisted;
  if (text == "hidden") entry.visibility = Visibility::hidden;
}

bool EntryReader::take_null() {
  JsonKind kind{};
  return cursor_.peek(kind) && kind == JsonKind::null && cursor_.skip();
}

void EntryReader::read_text(std::string& into, const char* field) {
  JsonString text;
  if (cursor_.read_string(text)) {
    into = text.text();
  } else if (!take_null()) {
    wrong_type(field, "text");
  }
}

void EntryReader::read_texts(std::vector<std::string>& into, const char* field) {
  if (!cursor_.enter_array()) {
    if (!take_null()) wrong_type(field, "a list of texts");
    return;
  }
  while (cursor_.next_item()) {
    JsonString text;
    if (cursor_.read_string(text)) {
      into.push_back(text.text());
    } else {
      wrong_type(field, "a list of texts");
    }
  }
}

void EntryReader::read_count(std::optional<std::int64_t>& into, const char* field) {
  const std::size_t start = cursor_.offset();
  std::string_view text;
  if (!cursor_.read_number(text)) {
    if (!take_null()) wrong_type(field, "a whole number");
    return;
  }
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the end is given
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= 0) {
    into = value;
  } else if (!fault) {
    fault = EntryFault{"field_type", std::string(field) + ": want a whole number",
                       std::string("write ") + field + " as a whole number",
                       std::string(text.substr(0, 40)), start};
  }
}

void EntryReader::read_object(boost::json::object& into, const char* field) {
  JsonKind kind{};
  if (!cursor_.peek(kind)) return;
  if (kind != JsonKind::object) {
    if (!take_null()) wrong_type(field, "an object");
    return;
  }
  JsonNode node;
  if (cursor_.read(node)) into = to_value(node).as_object();
}

bool EntryReader::enter(const char* field) {
  if (cursor_.enter_object()) return true;
  if (!take_null()) wrong_type(field, "an object");
  return false;
}

void EntryReader::read_publisher() {
  if (!enter("publisher")) return;
  for (JsonString key; cursor_.next_key(key);) {
    if (key.is("owner_id")) {
      read_text(entry.publisher, "publisher.owner_id");
    } else {
      cursor_.skip();
    }
  }
}

void EntryReader::read_skills() {
  if (!enter("skills")) return;
  for (JsonString key; cursor_.next_key(key);) {
    if (key.is("required")) {
      read_texts(entry.requires_skills, "skills.required");
    } else if (key.is("optional")) {
      read_texts(entry.optional_skills, "skills.optional");
    } else {
      cursor_.skip();
    }
  }
}

void EntryReader::read_integrity() {
  if (!enter("integrity")) return;
  for (JsonString key; cursor_.next_key(key);) {
    if (key.is("tree")) {
      read_text(entry.tree, "integrity.tree");
    } else if (key.is("size")) {
      read_count(entry.size_bytes, "integrity.size");
    } else if (key.is("files")) {
      read_count(entry.files, "integrity.files");
    } else {
      cursor_.skip();
    }
  }
}

void EntryReader::read_compatibility() {
  if (!enter("compatibility")) return;
  for (JsonString key; cursor_.next_key(key);) {
    std::string status;
    if (key.is("status")) {
      read_text(status, "compatibility.status");
      entry.publishable = status != "migration_required";
    } else {
      cursor_.skip();
    }
  }
}

void EntryReader::read_install() {
  if (!cursor_.enter_object()) {
    cursor_.skip();
    return;
  }
  for (JsonString key, text; cursor_.next_key(key);) {
    if (key.is("name") && cursor_.read_string(text)) {
      install_name_ = text.text();
    } else {
      cursor_.skip();
    }
  }
}

// As older writers leave it: name, install.name, the last part of path, id.
void EntryReader::settle_name() {
  if (entry.name.empty()) entry.name = install_name_;
  if (entry.name.empty() && !path_.empty()) entry.name = path_.substr(path_.rfind('/') + 1);
  if (entry.name.empty()) entry.name = entry.id;
  if (!is_name(entry.name)) {
    fault = EntryFault{"name_invalid", "no usable name",
                       "give it a name of letters, digits, _ . -, at most 100 of them", entry.name,
                       start_};
    return;
  }
  if (entry.id.empty()) entry.id = entry.name;
  entry.path = directory_of(entry.kind) + "/" + entry.name;
}

// The first one is told; the value is passed over.
void EntryReader::wrong_type(const char* field, const char* want) {
  JsonKind kind{};
  if (!cursor_.peek(kind)) return;
  const std::size_t start = cursor_.offset();
  if (!cursor_.skip() || fault) return;
  constexpr std::size_t observed_chars_max = 40;
  const auto said = cursor_.bytes().substr(start, cursor_.offset() - start);
  fault = EntryFault{
      "field_type", std::string(field) + ": want " + want,
      std::string("write ") + field + " as " + want,
      std::string(said.substr(0, said.find_first_of("\n\x80", 0))).substr(0, observed_chars_max),
      start};
}

}  // namespace hub::registry
