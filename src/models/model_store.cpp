#include "models/model_store.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/log.hpp"

namespace hub::models {
namespace {

constexpr std::size_t manifest_bytes_max = std::size_t{4} << 20U;
constexpr std::size_t read_bytes = std::size_t{256} << 10U;

// What can be seen without reading all of it.
std::optional<std::string> fault_of(const Model& model, const fs::path& folder) {
  for (const auto& file : model.files) {
    std::error_code ec;
    const auto size = fs::file_size(folder / file.path, ec);
    if (ec) return file.path + " is missing";
    if (std::cmp_not_equal(size, file.size)) {
      return file.path + " has " + std::to_string(size) + " bytes instead of " +
             std::to_string(file.size);
    }
  }
  return std::nullopt;
}

Model read_model(const fs::path& folder) {
  Model model;
  const auto text = read_file(folder / manifest_name, manifest_bytes_max);
  boost::system::error_code ec;
  auto value = text ? boost::json::parse(*text, ec) : Json();
  auto read = from_json<Model>(value, manifest_name);
  if (read && !ec) {
    model = *std::move(read);
    model.broken = fault_of(model, folder);
  } else {
    model.broken = text ? "its model.json cannot be read" : "it has no model.json";
  }
  model.name = folder.filename().string();
  return model;
}

void remove_quietly(const fs::path& path) {
  if (auto removed = remove_tree(path); !removed) {
    log::warning("models", "discard_failed", {{"error", removed.error().message}});
  }
}

void sweep_partial(const fs::path& folder, Time now) {
  std::error_code ec;
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    const auto written = std::chrono::file_clock::to_sys(entry.last_write_time(ec));
    if (!ec && now - std::chrono::floor<std::chrono::milliseconds>(written) > partial_kept) {
      old.push_back(entry.path());
    }
  }
  for (const auto& path : old) remove_quietly(path);
}

}  // namespace

Result<std::string> digest_of(const fs::path& path, const std::function<bool()>& stop) {
  std::ifstream in(path, std::ios::binary);
  Sha256 hash;
  std::string chunk(read_bytes, '\0');
  while (in) {
    if (stop && stop()) return fail(ErrorCode::cancelled, "stopped");
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    hash.update(std::string_view(chunk.data(), static_cast<std::size_t>(in.gcount())));
  }
  if (!in.eof()) return fail(ErrorCode::unavailable, "cannot read " + path.string());
  return to_hex(hash.finish());
}

std::vector<Model> ModelStore::list() const {
  std::vector<Model> models;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(root_, ec)) {
    if (!check_name(entry.path().filename().string()) || !entry.is_directory(ec)) continue;
    models.push_back(read_model(entry.path()));
  }
  std::ranges::sort(models, {}, &Model::name);
  return models;
}

std::optional<Model> ModelStore::find(const std::string& name) const {
  std::error_code ec;
  if (!check_name(name) || !fs::is_directory(folder(name), ec)) return std::nullopt;
  return read_model(folder(name));
}

Result<ModelStore::Linked> ModelStore::link_known(const std::string& sha256,
                                                  std::optional<std::int64_t> size,
                                                  const fs::path& target,
                                                  const std::function<bool()>& stop) const {
  for (const auto& model : list()) {
    for (const auto& file : model.files) {
      if (file.sha256 != sha256 || (size && *size != file.size)) continue;
      const fs::path beside = target.string() + ".link";
      HUB_CHECK(remove_tree(beside));
      if (::link((folder(model.name) / file.path).c_str(), beside.c_str()) != 0) continue;
      const auto digest = digest_of(beside, stop);
      if (digest && *digest == sha256) {
        HUB_CHECK(rename_durable(beside, target));
        return Linked::yes;
      }
      HUB_CHECK(remove_tree(beside));
      if (!digest && digest.error().code == ErrorCode::cancelled) {
        return tl::unexpected(digest.error());
      }
    }
  }
  return Linked::no;
}

void ModelStore::discard(const OperationId& id, Time now) const {
  remove_quietly(work(id));
  sweep_partial(root_ / ".partial", now);
}

void ModelStore::sweep(const std::vector<OperationId>& kept) const {
  const std::set<OperationId> known(kept.begin(), kept.end());
  std::error_code ec;
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(root_ / ".work", ec)) {
    if (!known.contains(OperationId(entry.path().filename().string()))) old.push_back(entry.path());
  }
  for (const auto& path : old) remove_quietly(path);
}

}  // namespace hub::models
