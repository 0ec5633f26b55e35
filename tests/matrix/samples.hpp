#pragma once
// What the matrix asks for: for each kind of operation a few requests that do something, and the
// base directories they begin on. A new kind needs a line in samples_of() and nothing else.

#include <memory>
#include <string>
#include <vector>

#include "matrix/small_hub.hpp"

namespace hub::matrix {

// The base directory that a sample begins on.
enum class Start {
  bare,     // nothing is installed
  unaware,  // older versions are installed, and the hub does not know yet that there are newer ones
  outdated,  // the same, and it knows
  updated,   // the newer ones are installed, over the older; lamp and evening are pinned
};

struct Sample {
  std::string name;  // "skill.install over an older version"
  Start start = Start::bare;
  OperationRequest request;
  // Runs pip, which takes a second each time: only a few cases of it are tried.
  bool slow = false;
};

// Empty: the kind has no sample yet.
std::vector<Sample> samples_of(const OperationKind&);

// A registry, and the base directories above, made once.
class Premises {
 public:
  Premises();
  std::string registry_url() const { return published_.string(); }
  // A base directory, and the registry as its hub has seen it last.
  void lay_out(Start, const fs::path& base) const;
  // The registry has news, if the hub is to be unaware of some.
  void publish_news() const { show("1.1.0"); }

 private:
  void publish(const std::string& version) const;
  void show(const std::string& version) const;
  void settle(const fs::path& base, const std::vector<OperationRequest>& first) const;
  fs::path folder_of(Start) const;

  TemporaryDirectory directory_;
  fs::path published_ = directory_.path() / "published";  // a link to the registry of a version
};

}  // namespace hub::matrix
