#pragma once
// One entry of registry.json, read in one pass: the fields that readers need. Inner header of this
// room.

#include <optional>
#include <string>
#include <vector>

#include "contracts/catalog_entry.hpp"
#include "registry/json_cursor.hpp"

namespace hub::registry {

// Why an entry cannot be used, and the byte of the file where that shows.
struct EntryFault {
  std::string reason;  // entry_type, name_invalid, field_type
  std::string why;     // "version: want text"
  std::string hint;
  std::string observed;
  std::size_t offset = 0;
};

class EntryReader {
 public:
  EntryReader(ArtifactKind, JsonCursor&);

  // Moves the cursor behind the value. A field of a wrong type is a fault and the rest is read on;
  // when the cursor itself fails there is nothing to ask for.
  void read();

  CatalogEntry entry;
  std::optional<EntryFault> fault;

 private:
  void read_field(const JsonString& key);
  bool take_null();
  void read_text(std::string& into, const char* field);
  void read_texts(std::vector<std::string>& into, const char* field);
  void read_count(std::optional<std::int64_t>& into, const char* field);
  void read_object(boost::json::object& into, const char* field);
  bool enter(const char* field);
  void read_publisher();
  void read_skills();
  void read_integrity();
  void read_visibility();
  void read_compatibility();
  void read_install();
  void settle_name();
  void wrong_type(const char* field, const char* want);

  JsonCursor& cursor_;
  std::size_t start_ = 0;
  std::string install_name_, path_;
};

}  // namespace hub::registry
