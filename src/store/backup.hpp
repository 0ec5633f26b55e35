#pragma once
// A copy of hub.db that can be taken while a hub runs, and putting one back while none does.

#include "base/files.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace hub::store {

struct Backup {
  fs::path file;
  std::uintmax_t bytes = 0;
  std::int64_t schema = 0;
  std::int64_t operations = 0;
  std::int64_t live = 0;  // of them, not ended
};

// Copies what is committed now to `target`, one file that needs no other; readable by its owner
// only. It is written beside, checked and synced before it gets its name. Writers of the hub are
// not in its way, nor it in theirs.
// not_found: no such database; conflict: "backup_exists"; invalid: as examine(), or
// "database_damaged" (the copy is thrown away); exhausted: "disk_full"; unavailable: any other.
Result<Backup> backup(const fs::path& database, const fs::path& target);

struct Restored {
  Backup from;
  fs::path database;
  fs::path moved_aside;  // where the database is that was there before; empty: none was
  std::int64_t boot_epoch = 0;
};

// Puts a backup in the place of `database`, in one step, and gives it a feed of its own and a boot
// epoch above both, so that no client or stale worker takes it for the one it knew. What was there
// is moved aside, never deleted: "hub.db.before-restore-20260102T030405Z".
// conflict: "base_directory_in_use" (a hub runs), "database_busy" (another program has it open);
// not_found: no such backup; invalid: as examine(), or "backup_damaged"; exhausted: "disk_full";
// unavailable: any other.
Result<Restored> restore(const fs::path& backup, const fs::path& database, const Clock&);

}  // namespace hub::store
