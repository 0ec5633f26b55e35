#pragma once
// What whoever has the turn does: one commit for himself and for all who stand in the line. Inner
// header of push.hpp.
//
//   fetch -> did an earlier commit land? tell its owners
//         -> ours cannot be published: say why, and leave the others to the next turn
//         -> theirs cannot: tell each of them why
//         -> one commit for the rest, push, tell them
//
// The others are only told what is certain for them. When the registry refuses a commit of several,
// each goes alone, so that one bad artifact, or one publisher without rights, spoils nobody's push.
// When time runs out or the network fails, whoever is still in the line tries himself.

#include <optional>
#include <random>

#include "git/remote_mirror.hpp"
#include "registry/catalog_file.hpp"
#include "registry/push_line.hpp"
#include "registry/push_rules.hpp"

namespace hub::registry {

class Turn {
 public:
  enum class Company { alone, all };
  // Our own offer, made anew for what is published now: a bump depends on it.
  using MakeOffer = std::function<Result<Offer>(const Published&)>;

  // All outlive the turn. `ticket` names us in what is written, whether or not we stand in the
  // line.
  Turn(const PushRequest&, const Line&, std::string ticket, Company, git::RemoteMirror&, Time now,
       Patience);

  Result<PushReport> run(const MakeOffer&);

 private:
  struct Member {
    std::string ticket;
    Offer offer;
    PushReport report;
  };
  enum class Placed { changed, unchanged };

  Result<std::optional<PushReport>> attempt_in_time(const MakeOffer&);
  Result<std::optional<PushReport>> attempt(const MakeOffer&);
  tl::unexpected<Error> with_doubt(tl::unexpected<Error> failed) const;
  Result<std::string> fetch();
  Result<std::optional<PushReport>> settle(const std::string& tip);
  Result<CatalogFile> catalog_at(const std::string& tip);
  Result<Published> published(const CatalogFile&, const std::string& tip, ArtifactKind,
                              const std::string& name);
  Result<Placed> place(CatalogFile&, const std::string& tip, Member&);
  void take_along(CatalogFile&, const std::string& tip, std::vector<Member>&);
  Result<std::optional<PushReport>> send(const std::string& tip, const CatalogFile&,
                                         std::vector<Member>&);
  Result<std::string> commit(const std::string& tip, const CatalogFile&,
                             const std::vector<Member>&);
  Result<std::optional<PushReport>> landed(const std::vector<Member>&);
  Result<> forget(const std::string& commit);
  Result<> check_time() const;
  tl::unexpected<Error> busy(const std::string& why) const;
  git::NetworkOptions network() const;
  std::chrono::milliseconds jitter();

  const PushRequest& request_;
  const Line& line_;
  const std::string ticket_;
  Company company_;
  git::RemoteMirror& mirror_;
  const Time now_;
  const Patience patience_;
  std::string label_;  // of our own artifact
  int attempts_ = 0;
  bool in_doubt_ = false;  // a commit with our own artifact was sent, and its end is not known
  std::vector<std::string> warnings_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace hub::registry
