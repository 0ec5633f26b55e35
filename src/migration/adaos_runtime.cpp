#include "migration/adaos_runtime.hpp"

#include <algorithm>

#include "artifacts/shelf.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "migration/source_files.hpp"

namespace hub::migration {
namespace {

constexpr std::size_t marker_bytes_max = std::size_t{64} << 10U;

// A marker's text; empty when it is not there.
std::string marker(const fs::path& root, const std::string& path) {
  return std::string(trimmed(read_source(root, path, marker_bytes_max).value_or("")));
}

// "v0.1", or what AdaOS calls a version that is none. Never a path.
bool is_bucket(std::string_view name) {
  if (name == "unversioned") return true;
  const auto dot = name.find('.');
  if (!name.starts_with('v') || dot == std::string_view::npos) return false;
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return digits(name.substr(1, dot - 1)) && digits(name.substr(dot + 1));
}

bool is_slot(std::string_view name) { return name == "A" || name == "B"; }

// The only one there is, when no marker names it.
std::string only_bucket(const fs::path& root, const std::string& folder) {
  std::vector<std::string> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(root / folder, ec)) {
    const auto name = entry.path().filename().string();
    if (is_bucket(name) && is_plain_folder(root, folder + name)) found.push_back(name);
  }
  return found.size() == 1 ? found.front() : std::string();
}

std::string folder_if_plain(const fs::path& root, std::string path) {
  return is_plain_folder(root, path) ? std::move(path) : std::string();
}

}  // namespace

AdaosRuntime read_runtime(const fs::path& root, const std::string& skill) {
  AdaosRuntime runtime;
  const std::string folder = "workspace/skills/.runtime/" + skill + "/";
  if (!is_plain_folder(root, folder)) return runtime;
  boost::system::error_code ec;
  const auto text = marker(root, folder + "current_runtime.json");
  const auto parsed = boost::json::parse(text, ec);
  const auto selection = parsed.is_object() ? parsed.get_object() : boost::json::object();
  if (ec && !text.empty()) {
    runtime.warnings.push_back("current_runtime.json of skill " + skill + " is not JSON");
  }
  runtime.version = marker(root, folder + "current_version");
  const auto selected = text_in(selection, "version");
  if (runtime.version.empty()) runtime.version = selected;
  runtime.deactivated = is_plain_file(root, folder + "deactivated.json");

  auto bucket = text_in(selection, "runtime_bucket");
  if (selected != runtime.version || !is_bucket(bucket)) {
    bucket = runtime.version.empty() ? "" : artifacts::bucket_of(runtime.version);
  }
  if (!is_plain_folder(root, folder + bucket) || bucket.empty()) {
    bucket = only_bucket(root, folder);
  }
  if (bucket.empty()) return runtime;

  const auto in_bucket = folder + bucket + "/";
  const auto active = marker(root, in_bucket + "active"), chosen = text_in(selection, "slot");
  if (is_slot(active)) {
    runtime.slot = active;
  } else if (is_slot(chosen)) {
    runtime.slot = chosen;
  }
  if (is_slot(active) && is_slot(chosen) && active != chosen && selected == runtime.version) {
    runtime.warnings.push_back("the markers of skill " + skill + " name slot " + active +
                               " and slot " + chosen + " as active: slot " + active + " is taken");
  }
  runtime.source =
      folder_if_plain(root, in_bucket + "slots/" + runtime.slot + "/src/skills/" + skill);
  runtime.vendor = folder_if_plain(root, in_bucket + "vendor");
  runtime.data = folder_if_plain(root, in_bucket + "data");
  return runtime;
}

}  // namespace hub::migration
