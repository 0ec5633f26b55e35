#include "registry/catalog_walk.hpp"

#include "registry/catalog_file.hpp"

namespace hub::registry {
namespace {

constexpr const char* file_name = "registry.json";

class Walk {
 public:
  Walk(std::string_view bytes, const CatalogVisitor& visitor) : cursor_(bytes), visitor_(visitor) {}

  Result<CatalogHead> run() {
    const bool object = cursor_.enter_object();
    if (!object && cursor_.ok()) refuse("want an object", "catalog_type");
    for (JsonString key; object && !error_ && cursor_.next_key(key);) read(key);
    if (!cursor_.ok()) return tl::unexpected(refused_json(cursor_, file_name));
    if (error_) return tl::unexpected(*error_);
    if (!cursor_.end()) return tl::unexpected(refused_json(cursor_, file_name));
    return head_;
  }

 private:
  void read(const JsonString& key) {
    if (key.is("version")) return read_version();
    if (key.is("updated_at")) return read_updated_at();
    for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
      if (key.is(directory_of(kind))) return read_entries(kind);
    }
    visitor_.other(key.text(), cursor_);
  }

  void read_version() {
    JsonKind kind{};
    if (!cursor_.peek(kind)) return;
    const std::size_t start = cursor_.offset();
    if (!cursor_.skip()) return;
    const std::string_view said = cursor_.bytes().substr(start, cursor_.offset() - start);
    if (kind == JsonKind::null || said == "1" || said == "2") return;
    constexpr std::size_t said_chars_max = 40;
    refuse_at(
        start,
        "version " + std::string(said.substr(0, said_chars_max)) + " is not known, only 1 and 2",
        "catalog_unsupported_version",
        "read it with a newer adaos-hub, or restore the file from its history",
        {{"limit", 2}, {"observed", said.substr(0, said_chars_max)}});
  }

  void read_updated_at() {
    JsonString text;
    if (cursor_.read_string(text)) {
      head_.updated_at = text.text();
    } else if (cursor_.ok()) {
      refuse("updated_at: want text", "catalog_type");
    }
  }

  void read_entries(ArtifactKind kind) {
    if (!cursor_.enter_array()) {
      if (cursor_.ok()) refuse(directory_of(kind) + ": want a list", "catalog_type");
      return;
    }
    while (cursor_.next_item()) visitor_.entry(kind, cursor_);
  }

  void refuse(const std::string& why, const char* reason) {
    constexpr std::array names{"null", "true or false", "a number", "text", "a list", "an object"};
    JsonKind found{};
    if (!cursor_.peek(found)) return;
    refuse_at(cursor_.offset(), why, reason, "mend the file there, or restore it from its history",
              {{"observed", names.at(static_cast<std::size_t>(found))}});
  }
  void refuse_at(std::size_t at, const std::string& why, const char* reason,
                 const std::string& hint, boost::json::object details) {
    error_ = refused_text(cursor_.bytes(), at, file_name, why, reason, hint, std::move(details));
  }

  JsonCursor cursor_;
  const CatalogVisitor& visitor_;
  CatalogHead head_;
  std::optional<Error> error_;
};

}  // namespace

Result<CatalogHead> walk_catalog(std::string_view bytes, const CatalogVisitor& visitor) {
  if (bytes.empty()) {
    return fail(ErrorCode::invalid, "cannot read registry.json: it has 0 bytes", "catalog_empty",
                "restore the file from its history, or write it again with: adaos-hub registry "
                "rebuild",
                {{"file", file_name}, {"line", 1}, {"limit", 1}, {"observed", 0}});
  }
  if (std::ssize(bytes) > catalog_bytes_max) {
    return fail(ErrorCode::invalid, "cannot read registry.json: it is too large",
                "catalog_too_large", "split the registry into two",
                {{"file", file_name},
                 {"line", 1},
                 {"limit", catalog_bytes_max},
                 {"observed", bytes.size()}});
  }
  return Walk(bytes, visitor).run();
}

}  // namespace hub::registry
