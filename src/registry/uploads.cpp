#include "registry/uploads.hpp"

#include <algorithm>
#include <set>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "registry/normalise.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

constexpr std::size_t id_chars = 32;

bool is_id(const std::string& text) {
  return text.size() == id_chars && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string id_of(const std::string& name, const std::vector<UploadedFile>& files) {
  Sha256 all;
  const auto add = [&](std::string_view text) {
    all.update(std::to_string(text.size()) + ":");
    all.update(text);
  };
  add(name);
  for (const auto& file : files) {
    add(file.path);
    add(file.mode == git::FileMode::executable ? "x" : "-");
    add(file.bytes);
  }
  return to_hex(all.finish()).substr(0, id_chars);
}

// By the rules for trees, before anything is written.
Result<> check(const std::vector<UploadedFile>& files) {
  if (files.empty()) {
    return fail(ErrorCode::invalid, "cannot take the upload: it has no files", "upload_empty",
                "send each file as a part named file, with its path as file name");
  }
  std::vector<ArtifactFile> all;
  std::set<std::string_view> paths;
  for (const auto& file : files) {
    HUB_CHECK(check_path(file.path));
    if (!paths.insert(file.path).second) {
      return fail(ErrorCode::invalid, "cannot take the upload: " + file.path + " is there twice",
                  "upload_duplicate_path", "send each file once", {{"path", file.path}});
    }
    all.push_back({file.path, file.mode, std::ssize(file.bytes), {}});
  }
  return check_together(all);
}

Result<> write(const fs::path& artifact, const std::vector<UploadedFile>& files) {
  HUB_CHECK(make_directories(artifact));
  for (const auto& file : files) {
    const fs::path path = artifact / file.path;
    std::error_code ec;
    fs::create_directories(path.parent_path(), ec);
    std::ofstream out(path, std::ios::binary);
    out << file.bytes;
    out.close();
    if (!out) {
      return fail(ErrorCode::exhausted, "cannot keep the upload: cannot write " + path.string(),
                  "disk_full", "make room on the hub's disk", {{"path", file.path}});
    }
    if (file.mode == git::FileMode::executable) {
      fs::permissions(path,
                      fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                          fs::perms::others_read | fs::perms::others_exec,
                      ec);
    }
  }
  return sync_tree(artifact);
}

}  // namespace

Uploads::Uploads(fs::path folder) : folder_(std::move(folder)) {}

Result<Uploads::Kept> Uploads::keep(const std::string& name,
                                    const std::vector<UploadedFile>& files) const {
  HUB_CHECK(check_name(name));
  HUB_CHECK(check(files));
  sweep();
  HUB_CHECK(make_directories(folder_, 0700));
  const std::string id = id_of(name, files);
  std::error_code ec;
  if (fs::is_directory(folder_ / id, ec)) {
    fs::last_write_time(folder_ / id, fs::file_time_type::clock::now(), ec);
    return Kept{id, Kept::Was::there_already};
  }
  const auto kept = std::distance(fs::directory_iterator(folder_), {});
  if (kept >= static_cast<std::ptrdiff_t>(kept_max)) {
    return fail(ErrorCode::exhausted, "cannot take the upload: too many are kept already",
                "too_many_uploads", "wait until they are published, or for a day",
                {{"limit", kept_max}});
  }
  const fs::path beside = folder_ / (id + "." + random_hex(4) + ".part");
  auto written = write(beside / name, files);
  if (written) written = rename_durable(beside, folder_ / id);
  if (!written) static_cast<void>(remove_tree(beside));
  // Another thread may have been faster with the same.
  if (!written && !fs::is_directory(folder_ / id, ec)) return tl::unexpected(written.error());
  return Kept{id, written ? Kept::Was::added : Kept::Was::there_already};
}

Result<fs::path> Uploads::find(const std::string& id, const std::string& name) const {
  std::error_code ec;
  fs::path path = folder_ / id / name;
  if (is_id(id) && is_name(name) && fs::is_directory(path, ec)) return path;
  return fail(ErrorCode::not_found, "cannot publish " + name + ": its upload is not there any more",
              "upload_gone", "upload it again", {{"upload", id}});
}

void Uploads::discard(const std::string& id) const {
  if (!is_id(id)) return;
  const auto removed = remove_tree(folder_ / id);
  if (!removed) log::warning("registry", "upload_left", {{"error", removed.error().message}});
}

void Uploads::sweep() const {
  std::error_code ec;
  const auto oldest = fs::file_time_type::clock::now() - kept_for;
  for (const auto& entry : fs::directory_iterator(folder_, ec)) {
    if (entry.last_write_time(ec) < oldest && !ec) static_cast<void>(remove_tree(entry.path()));
  }
}

}  // namespace hub::registry
