#pragma once
// The models of this hub and where they are made.
//
//   <base>/models/<name>/             a model: its files and model.json
//   <base>/models/.partial/<sha256>   what has arrived of a file, for whoever wants it next
//   <base>/models/.work/<op>/         what an operation makes, or keeps until nobody may undo it
//
// A file that is in two models is one file with two names (hard links): the same digest is fetched
// once. Everything lies below models/, which may be a disk of its own. Blocking; any thread, one
// operation at a time for each model. The files are the truth; there is no other list.

#include <functional>

#include "base/files.hpp"
#include "models/model.hpp"

namespace hub::models {

inline constexpr std::chrono::hours partial_kept{24 * 7};  // since something was added to it

class ModelStore {
 public:
  explicit ModelStore(const fs::path& base_directory) : root_(base_directory / "models") {}

  fs::path folder(const std::string& name) const { return root_ / name; }
  fs::path work(const OperationId& id) const { return root_ / ".work" / id.text(); }
  fs::path partial(const std::string& sha256) const { return root_ / ".partial" / sha256; }
  const fs::path& root() const { return root_; }

  std::vector<Model> list() const;  // by name
  std::optional<Model> find(const std::string& name) const;

  // Gives a file of this digest and size that some model has the name `target`, too, durably, once
  // it was read and is what it should be. Answers whether there was one.
  enum class Linked { no, yes };
  Result<Linked> link_known(const std::string& sha256, std::optional<std::int64_t> size,
                            const fs::path& target, const std::function<bool()>& stop) const;

  // What an operation has left that nobody needs any more, and partial files that nobody has
  // wanted for long.
  void discard(const OperationId&, Time now) const;
  // At start: what is left of every other operation than these.
  void sweep(const std::vector<OperationId>& kept) const;

 private:
  fs::path root_;
};

inline constexpr const char* manifest_name = "model.json";

// SHA-256 of a file, as hex. cancelled: stop said so.
Result<std::string> digest_of(const fs::path&, const std::function<bool()>& stop);

}  // namespace hub::models
