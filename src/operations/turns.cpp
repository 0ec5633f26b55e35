#include "operations/turns.hpp"

namespace hub::operations {
namespace {

constexpr std::array turns{Priority::interactive, Priority::normal, Priority::interactive,
                           Priority::background,  Priority::normal, Priority::interactive};

}  // namespace

bool Turns::is_open(const OperationKind& kind) const {
  const auto limit = limits_.find(kind);
  if (limit == limits_.end() || limit->second == 0) return true;
  const auto running = running_.find(kind);
  return (running == running_.end() ? 0 : running->second) + looking_ < limit->second;
}

std::vector<OperationKind> Turns::open_kinds() const {
  std::vector<OperationKind> open;
  for (const auto& [kind, limit] : limits_) {
    if (is_open(kind)) open.push_back(kind);
  }
  return open;
}

Priority Turns::next_class() { return turns[turn_++ % turns.size()]; }

}  // namespace hub::operations
