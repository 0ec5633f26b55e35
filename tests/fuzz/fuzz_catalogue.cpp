// The catalogue reader and the writer that copies what it need not change.
#include "promise.hpp"
#include "registry/catalog_file.hpp"
#include "registry/catalog_reader.hpp"
#include "registry/json_text.hpp"

namespace {

using hub::fuzz::promise;
using hub::registry::CatalogFile;
using hub::registry::JsonNode;

// Another reader of JSON takes whatever we take.
void check_against_boost(std::string_view bytes) {
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = hub::registry::JsonCursor::depth_max;
  boost::json::parse(bytes, error, {}, options);
  const bool number_too_large = error == boost::json::error::exponent_overflow;
  promise(!error || number_too_large, "what we read is JSON to others");
}

void check_upsert(CatalogFile file) {
  JsonNode entry = JsonNode::object();
  for (const auto& [key, text] :
       {std::pair{"kind", "skill"}, {"id", "fuzzed"}, {"name", "fuzzed"}}) {
    entry.set(key, JsonNode::string(text));
  }
  entry.set("updated_at", JsonNode::string("2026-01-02T03:04:05+00:00"));
  file.upsert(hub::ArtifactKind::skill, entry);
  const std::string once = file.bytes();
  auto again = CatalogFile::parse(once);
  promise(again.has_value(), "what an upsert writes can be read");
  promise(again->bytes() == once, "what an upsert writes is laid out as it should be");
  again->upsert(hub::ArtifactKind::skill, entry);
  promise(again->bytes() == once, "the same upsert twice gives the same bytes");
}

// Entries without a name are sorted to the end, so only the numbers can be compared.
void check_readers(std::string_view bytes, const std::string& written) {
  const auto as_found = hub::registry::read_catalog(bytes, {});
  const auto as_written = hub::registry::read_catalog(written, {});
  promise(as_found && as_written, "what the file reader takes the catalogue reader takes");
  promise(as_found->entries.size() + as_found->quarantined.size() ==
              as_written->entries.size() + as_written->quarantined.size(),
          "no entry is lost by writing");
  for (const auto& bad : as_found->quarantined) {
    promise(!bad.reason.empty() && !bad.hint.empty() && bad.line > 0,
            "a quarantined entry says why and where");
  }
}

void check_tree_reader(std::string_view bytes, bool taken) {
  const auto node = hub::registry::parse_json_text(bytes, "registry.json");
  if (!node) {
    promise(!taken, "what the catalogue takes is JSON to the tree reader");
    return;
  }
  const std::string text = hub::registry::to_json_text(*node);
  const auto again = hub::registry::parse_json_text(text, "registry.json");
  promise(again && *again == *node, "JSON reads back as it was");
  hub::registry::JsonCursor cursor(text);
  std::string copied;
  promise(hub::registry::append_json_text(copied, cursor, 0) && cursor.canonical(),
          "what we write is laid out as we write");
  promise(copied == text, "both writers write the same");
  check_against_boost(text);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = hub::fuzz::text_of(data, size);
  const auto file = CatalogFile::parse(std::string(bytes));
  check_tree_reader(bytes, file.has_value());
  if (!file) {
    hub::fuzz::promise_refusal(file.error());
    promise(!hub::registry::read_catalog(bytes, {}), "both readers refuse the same");
    return 0;
  }
  const std::string written = file->bytes();
  const auto again = CatalogFile::parse(written);
  promise(again && again->bytes() == written, "writing once more changes nothing");
  check_readers(bytes, written);
  check_upsert(*file);
  return 0;
}
