#pragma once
// Hub: builds the parts, wires them, starts them bottom to top and stops them top to bottom. Every
// part is a member here and is handed to the others by reference; there are no singletons.

#include <memory>
#include <string>

#include "base/files.hpp"
#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace hub::daemon {

// Files that come with the program: the page and the sample artifacts.
struct ShareFolders {
  fs::path web;               // index.html and its assets
  fs::path registry_samples;  // skills/ and scenarios/, published at the first start
};

// $ADAOS_HUB_SHARE, else ../share/adaos-hub beside the program's own folder.
ShareFolders find_share_folders();

class Hub {
 public:
  // Everything up to listening. Errors say what to do: port_in_use, base_directory_in_use,
  // base_directory_newer, database_unreadable, …
  static Result<std::unique_ptr<Hub>> start(const cli::Serve&, const ShareFolders&, const Clock&);
  ~Hub();  // stops in good order: no operation is lost, what runs goes on at the next start
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  std::string address() const;         // "http://127.0.0.1:8777"
  std::string signed_address() const;  // the same, with what signs a browser in

 private:
  struct Parts;
  explicit Hub(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hub::daemon
