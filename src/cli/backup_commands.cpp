#include "cli/backup_commands.hpp"

#include <iostream>

#include <unistd.h>

#include "cli/published_address.hpp"
#include "cli/report.hpp"
#include "cli/words.hpp"
#include "store/backup.hpp"

namespace hub::cli {
namespace {

std::filesystem::path database_of(const std::filesystem::path& base_directory) {
  return base_directory / "state" / "hub.db";
}

std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string contents_of(const store::Backup& backup) {
  std::string text = counted(backup.operations, "operation");
  if (backup.live > 0) text += ", " + std::to_string(backup.live) + " of them not ended";
  return text;
}

boost::json::object json_of(const store::Backup& backup) {
  return {{"file", backup.file.string()},
          {"bytes", backup.bytes},
          {"schema", backup.schema},
          {"operations", backup.operations},
          {"live", backup.live}};
}

// Asked in a terminal alone: elsewhere nobody could answer.
bool user_agrees(const std::filesystem::path& database) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return false;
  std::cerr << "There is a store in " << database.string()
            << " already. It is kept beside the new one.\nPut the backup in its place? [y/N] "
            << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<store::Restored> restored(const Restore& wanted, const Clock& clock) {
  const auto database = database_of(wanted.base_directory);
  std::error_code ec;
  // The store looks at both too; but nobody should be asked, and no folder made, in vain.
  if (!fs::exists(wanted.file, ec)) {
    return fail(ErrorCode::not_found, "cannot restore " + wanted.file.string() + ": no such file",
                "backup_missing", "name a file that adaos-hub backup wrote");
  }
  if (read_published_address(wanted.base_directory).state == AddressState::live) {
    return fail(ErrorCode::conflict, "cannot restore " + database.string() + ": a hub is using it",
                "base_directory_in_use", "stop the hub, then try again");
  }
  if (wanted.confirmed == Restore::Confirmed::no && fs::exists(database, ec) &&
      !user_agrees(database)) {
    return fail(ErrorCode::conflict,
                "cannot restore into " + wanted.base_directory.string() +
                    ": it has a store already, and nobody said that it may be replaced",
                "not_confirmed",
                "say --yes: the present store is kept beside the new one; or name another "
                "--base-dir",
                {{"database", database.string()}});
  }
  HUB_CHECK(make_directories(database.parent_path(), 0700));
  return store::restore(wanted.file, database, clock);
}

void print(const store::Restored& report, const std::filesystem::path& base) {
  std::cout << "restored " << report.from.file.string() << " into " << report.database.string()
            << ": " << contents_of(report.from) << '\n';
  if (!report.moved_aside.empty()) {
    std::cout << "  the store that was there is kept: " << report.moved_aside.string() << '\n';
  }
  std::cout << "  put beside it what was saved with it: " << (base / "workspace").string()
            << " and " << (base / "state" / "token").string() << '\n'
            << "  start the hub with: adaos-hub serve --base-dir " << base.string() << '\n';
  if (report.from.live > 0) {
    std::cout << "  what had not ended goes on then; to look first, add --slots 0\n";
  }
}

}  // namespace

int run(const Backup& wanted, const Clock&) {
  const auto made = store::backup(database_of(wanted.base_directory), wanted.file);
  if (!made) return report(made.error(), wanted.output);
  if (wanted.output == Output::json) {
    std::cout << boost::json::serialize(json_of(*made)) << '\n';
    return exit_done;
  }
  std::cout << "backed up " << database_of(wanted.base_directory).string() << " to "
            << made->file.string() << ": " << contents_of(*made) << ", "
            << size_text(static_cast<std::int64_t>(made->bytes)) << '\n'
            << "  not in it, copy them too: " << (wanted.base_directory / "workspace").string()
            << " and " << (wanted.base_directory / "state" / "token").string() << '\n';
  return exit_done;
}

int run(const Restore& wanted, const Clock& clock) {
  const auto done = restored(wanted, clock);
  if (!done) return report(done.error(), wanted.output);
  if (wanted.output == Output::json) {
    std::cout << boost::json::serialize(
                     boost::json::object{{"from", json_of(done->from)},
                                         {"database", done->database.string()},
                                         {"moved_aside", done->moved_aside.string()},
                                         {"boot_epoch", done->boot_epoch}})
              << '\n';
    return exit_done;
  }
  print(*done, wanted.base_directory);
  return exit_done;
}

}  // namespace hub::cli
