// The manifest reader. The first byte chooses the kind, the rest is the file.
#include "promise.hpp"
#include "registry/manifest.hpp"
#include "registry/normalise.hpp"
#include "registry/text.hpp"

namespace {

using hub::fuzz::promise;

// A manifest that was taken gives an entry that is JSON, whatever it says.
void check_entry(const hub::registry::Manifest& manifest) {
  const auto entry =
      hub::registry::normalise("some_name", manifest, {}, "2026-01-02T03:04:05+00:00");
  const std::string text = hub::registry::to_json_text(entry);
  const auto again = hub::registry::parse_json_text(text, "entry");
  promise(again.has_value(), "an entry is JSON");
  promise(*again == entry, "an entry reads back as it was");
  promise(hub::registry::merge_entry(entry, entry) == entry, "the same entry merged is the same");
  constexpr std::size_t entry_bytes_max = std::size_t{16} << 20U;
  promise(text.size() < entry_bytes_max, "an entry is not much larger than its manifest may be");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kind = data[0] % 2 == 0 ? hub::ArtifactKind::skill : hub::ArtifactKind::scenario;
  const auto manifest =
      hub::registry::parse_manifest(kind, hub::fuzz::text_of(data + 1, size - 1), "skill.yaml");
  if (manifest) {
    check_entry(*manifest);
  } else {
    hub::fuzz::promise_refusal(manifest.error());
    promise(manifest.error().details.contains("line"), "a refused manifest has a line");
  }
  return 0;
}
