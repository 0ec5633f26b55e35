// Claims operations through the store and dies without a word, as a hub does that is killed: what
// it claimed stays running, with its first step in intent.
//
//   claim_some DATABASE COUNT       prints how many it claimed

#include <charconv>
#include <iostream>
#include <string_view>

#include <unistd.h>

#include "store/operation_store.hpp"

namespace {

int claim(const char* file, std::string_view count_text) {
  std::int64_t count = 0;
  std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  const auto database = hub::store::Database::open(file);
  if (!database) {
    std::cerr << "claim_some: " << database.error().message << '\n';
    return 1;
  }
  const hub::SystemClock clock;
  hub::store::OperationStore store(**database, clock);
  const std::vector kinds{hub::OperationKind("skill.install")};
  std::int64_t claimed = 0;
  while (claimed < count && store.claim(kinds, hub::Priority::normal)) ++claimed;
  std::cout << claimed << std::endl;
  std::_Exit(claimed == count ? 0 : 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: claim_some DATABASE COUNT\n";
    return 2;
  }
  return claim(argv[1], argv[2]);
}
