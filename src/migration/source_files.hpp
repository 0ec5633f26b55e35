#pragma once
// Files of somebody else's directory: read without following a link, within limits, and copied so
// that a copy that stands under its name is whole, whatever happened meanwhile. Nothing here writes
// to the source. Blocking; any thread.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace hub::migration {

inline constexpr std::size_t folder_entries_max = 500'000;
inline constexpr std::int64_t folder_bytes_max = std::int64_t{256} << 30U;
inline constexpr int folder_depth_max = 64;

struct SourceFile {
  std::string path;  // below the folder that was listed
  std::int64_t size_bytes = 0;
  unsigned mode = 0644;  // its permissions
};

struct FolderListing {
  std::vector<SourceFile> files;      // sorted by path
  std::vector<std::string> folders;   // with all above them first
  std::vector<std::string> left_out;  // links, sockets, pipes, devices: never copied
  std::int64_t size_bytes = 0;
};

// Everything below `root / folder`. No part of `folder` may be a link. not_found: "source_missing";
// exhausted: "source_too_large"; unavailable: "read_failed"; cancelled.
Result<FolderListing> list_folder(const fs::path& root, const std::string& folder,
                                  const std::function<bool()>& stop = {});

// Whether `root / path` is there as a directory, and no part of `path` is a link.
bool is_plain_folder(const fs::path& root, const std::string& path);
bool is_plain_file(const fs::path& root, const std::string& path);

// The text of `root / path`; no part of it may be a link. not_found: "source_missing"; invalid:
// "source_too_large".
Result<std::string> read_source(const fs::path& root, const std::string& path,
                                std::size_t bytes_max);

struct CopyRequest {
  fs::path root;        // of the source
  std::string folder;   // below it
  fs::path target;      // a directory; made if need be
  fs::path unfinished;  // a file on the target's file system, under which a copy grows
  std::vector<SourceFile> files;
  std::vector<std::string> folders;
  std::function<void(std::int64_t bytes)> copied = {};  // more bytes of a file
  std::function<bool()> stop = {};
};

// Files that stand in the target with their size are whole, of an attempt before, and are not
// copied again. Durable when it returns. conflict: "source_changed", a file went away or grew;
// exhausted; cancelled.
Result<> copy_folder(const CopyRequest&);

// Reads both. conflict: "source_changed", with the file that differs.
Result<> check_copy(const CopyRequest&);

}  // namespace hub::migration
