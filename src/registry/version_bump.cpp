#include "registry/version_bump.hpp"

#include "registry/manifest.hpp"

namespace hub::registry {
namespace {

tl::unexpected<Error> refuse(const std::string& file, const std::string& why) {
  return fail(ErrorCode::invalid, "cannot write a new version into " + file + ": " + why,
              "version_not_replaceable",
              "write it on one line, for example version: \"1.0.0\", and push again",
              {{"file", file}});
}

// Where line and column (from 1, in characters) are in the bytes; npos when they are nowhere.
std::size_t offset_of(std::string_view text, int line, int column) {
  std::size_t at = 0;
  for (int passed = 1; passed < line; ++passed) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return end;
    at = end + 1;
  }
  const auto continues = [&] {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  for (int passed = 1; passed < column && at < text.size(); ++passed) {
    ++at;
    while (continues()) ++at;
  }
  return at < text.size() ? at : std::string_view::npos;
}

bool same_but_version(const YamlNode& a, const YamlNode& b) {
  if (a.kind != b.kind || a.style != b.style || a.text != b.text || a.keys != b.keys ||
      a.items.size() != b.items.size()) {
    return false;
  }
  for (std::size_t at = 0; at < a.items.size(); ++at) {
    if (!same_but_version(a.items[at], b.items[at])) return false;
  }
  return true;
}

// Only the version at the top differs, and it is the wanted one.
bool is_as_wanted(YamlNode before, YamlNode after, const std::string& version) {
  for (YamlNode* root : {&before, &after}) {
    for (std::size_t at = 0; at < root->keys.size(); ++at) {
      if (root->keys[at] != "version") continue;
      if (root == &after && root->items[at].text != version) return false;
      root->items[at].text.clear();
    }
  }
  return same_but_version(before, after);
}

}  // namespace

std::string next_version(const Semver& from, Bump bump) {
  const bool pre = !from.prerelease.empty();
  auto major = from.major_number, minor = from.minor_number, patch = from.patch_number;
  switch (bump) {
    case Bump::none: break;
    case Bump::patch:
      if (!pre) ++patch;
      break;
    case Bump::minor:
      if (!pre || patch != 0) ++minor;
      patch = 0;
      break;
    case Bump::major:
      if (!pre || minor != 0 || patch != 0) ++major;
      minor = patch = 0;
      break;
  }
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

Result<std::string> with_version(ArtifactKind kind, std::string_view manifest,
                                 const std::string& version, const std::string& file) {
  HUB_TRY(before, parse_manifest(kind, manifest, file));
  const YamlNode* node = before.root.find("version");
  if (!node || before.version.empty()) return refuse(file, "it has none yet");
  if (before.version == version) return std::string(manifest);
  auto at = offset_of(manifest, node->line, node->column);
  if (at == std::string_view::npos) return refuse(file, "it is not where it was found");
  if (manifest[at] == '"' || manifest[at] == '\'') ++at;
  if (manifest.substr(at, before.version.size()) != before.version) {
    return refuse(file, "it is not written as plain text in one place");
  }
  std::string changed(manifest.substr(0, at));
  changed.append(version).append(manifest.substr(at + before.version.size()));
  const auto after = parse_manifest(kind, changed, file);
  if (!after || !is_as_wanted(before.root, after->root, version)) {
    return refuse(file, "other parts of the manifest depend on how it is written");
  }
  return changed;
}

}  // namespace hub::registry
