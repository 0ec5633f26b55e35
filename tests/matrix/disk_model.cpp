#include "matrix/disk_model.hpp"

#include <stdexcept>

#include "matrix/disk_books.hpp"

namespace hub::matrix {

DiskModel::DiskModel(const fs::path& root) : books_(std::make_unique<Books>(fs::canonical(root))) {
  if (is_modelled()) throw std::logic_error("there is a disk model already");
  set_modelled(books_.get());
}

DiskModel::~DiskModel() { set_modelled(nullptr); }

// A hook calls these with the turn taken already; anybody else takes it.
void DiskModel::set_hooks(DiskHooks hooks) {
  const Turn turn;
  books_->hooks = std::move(hooks);
}

void DiskModel::copy_killed(const fs::path& to) {
  const Turn turn;
  books_->copy_killed(to);
}

void DiskModel::copy_power_lost(const fs::path& to, const PowerCut& cut) {
  const Turn turn;
  books_->copy_power_lost(to, cut);
}

std::uint64_t DiskModel::count(CallKind kind) const {
  const Turn turn;
  return books_->counts.at(static_cast<std::size_t>(kind));
}

}  // namespace hub::matrix
