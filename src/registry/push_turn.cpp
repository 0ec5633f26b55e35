#include "registry/push_turn.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "base/fault_point.hpp"
#include "registry/push_message.hpp"
#include "registry/text.hpp"

namespace hub::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Of one commit.
constexpr std::size_t members_max = 256;
constexpr std::int64_t members_bytes_max = std::int64_t{256} << 20U;

std::string path_of(const Offer& offer) { return directory_of(offer.kind) + "/" + offer.name; }

}  // namespace

Turn::Turn(const PushRequest& request, const Line& line, std::string ticket, Company company,
           git::RemoteMirror& mirror, Time now, Patience patience)
    : request_(request),
      line_(line),
      ticket_(std::move(ticket)),
      company_(company),
      mirror_(mirror),
      now_(now),
      patience_(std::move(patience)),
      label_(request.source.filename().string()) {}

Result<PushReport> Turn::run(const MakeOffer& make_offer) {
  for (attempts_ = 1; attempts_ <= request_.attempts_max; ++attempts_) {
    HUB_TRY(done, attempt_in_time(make_offer));
    if (done) return *std::move(done);
    std::this_thread::sleep_for(jitter());
  }
  return with_doubt(busy("no luck in " + std::to_string(request_.attempts_max) + " attempts"));
}

Result<std::optional<PushReport>> Turn::attempt_in_time(const MakeOffer& make_offer) {
  if (auto late = check_time(); !late) return with_doubt(tl::unexpected(late.error()));
  auto done = attempt(make_offer);
  if (!done) return with_doubt(tl::unexpected(done.error()));
  return done;
}

tl::unexpected<Error> Turn::with_doubt(tl::unexpected<Error> failed) const {
  if (!in_doubt_) return failed;
  failed.value().details["may_have_landed"] = true;
  failed.value().hint = "the last attempt may have landed; push again to know";
  return failed;
}

// Nothing: the race was lost, or its end is unknown.
Result<std::optional<PushReport>> Turn::attempt(const MakeOffer& make_offer) {
  HUB_TRY(tip, fetch());
  fault_point("push.fetched");
  HUB_TRY(landed_before, settle(tip));
  if (landed_before) return landed_before;
  HUB_TRY(file, catalog_at(tip));
  HUB_TRY(before, published(file, tip, request_.kind, label_));
  HUB_TRY(offer, make_offer(before));
  std::vector<Member> members{{ticket_, std::move(offer), {}}};
  Member& own = members.front();
  HUB_TRY(placed, place(file, tip, own));
  own.report.warnings.insert(own.report.warnings.end(), warnings_.begin(), warnings_.end());
  if (request_.mode == PushMode::dry_run) {
    own.report.status = PushStatus::dry_run;
    if (placed == Placed::unchanged) {
      own.report.warnings.push_back("this content is published already: a push would do nothing");
    }
    return std::optional(std::move(own.report));
  }
  if (placed == Placed::unchanged) return std::optional(std::move(own.report));
  if (company_ == Company::all) take_along(file, tip, members);
  return send(tip, file, members);
}

Result<std::string> Turn::fetch() { return mirror_.fetch(network()); }

// Commits whose end nobody saw: those that landed are told to their owners; those that cannot land
// any more, since main has moved past what they were built on, are forgotten.
Result<std::optional<PushReport>> Turn::settle(const std::string& tip) {
  const auto flights = line_.flights();
  if (flights.empty()) return std::optional<PushReport>();
  std::optional<PushReport> own;
  std::vector<Flight> open;
  in_doubt_ = false;
  for (const auto& flight : flights) {
    const bool known = !tip.empty() && mirror_.repository().has_object(flight.commit);
    const auto there =
        known ? mirror_.repository().reaches(tip, flight.commit) : Result<bool>(false);
    if (!there) return tl::unexpected(there.error());
    for (const auto& landing : flight.landings) {
      const bool is_own = landing.id == ticket_;
      if (*there && is_own) own = landing.report;
      if (*there && !is_own && line_.stands(landing.id)) line_.answer(landing.id, landing.report);
      in_doubt_ = in_doubt_ || (!*there && is_own && flight.parent == tip);
    }
    if (!*there && flight.parent == tip) open.push_back(flight);
  }
  HUB_CHECK(line_.keep(open));
  if (own) own->attempts = attempts_;
  return own;
}

Result<CatalogFile> Turn::catalog_at(const std::string& tip) {
  const auto start = [this](const std::string& warning) {
    if (std::ranges::find(warnings_, warning) == warnings_.end()) warnings_.push_back(warning);
    return CatalogFile::empty("");
  };
  if (tip.empty()) return start("the registry had no branch main");
  auto bytes = mirror_.repository().read_file(tip, "registry.json", catalog_bytes_max);
  if (!bytes && bytes.error().reason == "no_path") {
    return start("the registry had no registry.json");
  }
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->empty()) return start("registry.json was empty");
  return CatalogFile::parse(std::move(*bytes));
}

Result<Published> Turn::published(const CatalogFile& file, const std::string& tip,
                                  ArtifactKind kind, const std::string& name) {
  const auto entry = file.entry(kind, name);
  if (!entry) return Published{};
  const std::string* version = entry->find_string("version");
  Published found{version ? *version : "", ""};
  const JsonNode* integrity = entry->find("integrity");
  if (const std::string* tree = integrity ? integrity->find_string("tree") : nullptr) {
    found.tree = *tree;
    return found;
  }
  // An entry of an older writer has no digest: then it is taken from the published files.
  const auto files =
      read_published_tree(mirror_.repository(), tip, directory_of(kind) + "/" + name);
  if (files) found.tree = files->digest;
  return found;
}

// Puts the member's entry into the file, or says why it cannot be.
Result<Turn::Placed> Turn::place(CatalogFile& file, const std::string& tip, Member& member) {
  const Offer& offer = member.offer;
  HUB_TRY(before, published(file, tip, offer.kind, offer.name));
  HUB_CHECK(check_version(offer, before));
  HUB_CHECK(file.check_aliases(offer.kind, offer.name, offer.id));
  const auto previous = file.entry(offer.kind, offer.name);
  HUB_TRY(entry, entry_of(offer, previous ? &*previous : nullptr, before));
  file.upsert(offer.kind, entry);
  const JsonNode merged = file.entry(offer.kind, offer.name).value();
  PushReport& report = member.report;
  report.kind = offer.kind;
  report.name = offer.name;
  report.version = offer.version;
  report.tree = offer.tree;
  report.attempts = attempts_;
  report.entry = to_value(merged);
  if (!previous || *previous != merged) return Placed::changed;
  if (!offer.git_tree.empty()) {
    HUB_TRY(there, mirror_.repository().subtree_of(tip, path_of(offer)));
    if (there != offer.git_tree) return Placed::changed;
  }
  report.status = PushStatus::already_published;
  report.commit = tip;
  return Placed::unchanged;
}

void Turn::take_along(CatalogFile& file, const std::string& tip, std::vector<Member>& members) {
  const auto key_of = [](const Offer& offer) { return path_of(offer); };
  std::set<std::string> taken{fold(key_of(members.front().offer))};
  std::int64_t bytes = members.front().offer.size_bytes;
  for (auto& [ticket, offer] : line_.standing(ticket_, members_max - 1)) {
    // Two of one name wait for each other, so that each version has a commit of its own.
    if (!taken.insert(fold(key_of(offer))).second) continue;
    if (bytes + offer.size_bytes > members_bytes_max) continue;
    if (!mirror_.repository().has_object(offer.git_tree)) {
      line_.send_alone(ticket);  // it has to write its files again
      continue;
    }
    Member member{ticket, std::move(offer), {}};
    const auto placed = place(file, tip, member);
    if (!placed) {
      if (is_own_fault(placed.error())) line_.answer(ticket, tl::unexpected(placed.error()));
      continue;
    }
    if (*placed == Placed::unchanged) {
      line_.answer(ticket, member.report);
      continue;
    }
    bytes += member.offer.size_bytes;
    members.push_back(std::move(member));
  }
}

Result<std::optional<PushReport>> Turn::send(const std::string& tip, const CatalogFile& file,
                                             std::vector<Member>& members) {
  HUB_TRY(made, commit(tip, file, members));
  fault_point("push.committed");
  Flight flight{made, tip, {}};
  for (auto& member : members) {
    member.report.commit = made;
    member.report.together = static_cast<int>(members.size());
    flight.landings.push_back({member.ticket, member.report});
  }
  auto flights = line_.flights();
  flights.push_back(std::move(flight));
  HUB_CHECK(line_.keep(flights));
  fault_point("push.sending");
  in_doubt_ = true;
  const auto outcome = mirror_.push(made, tip, network());
  fault_point("push.sent");
  switch (outcome.status) {
    case git::PushStatus::landed: return landed(members);
    case git::PushStatus::unknown: return std::optional<PushReport>();
    case git::PushStatus::lost_race:
    case git::PushStatus::refused: break;
  }
  HUB_CHECK(forget(made));
  if (outcome.status == git::PushStatus::lost_race) return std::optional<PushReport>();
  if (members.size() == 1 || outcome.error.reason == "registry_unreachable") {
    return tl::unexpected(outcome.error);
  }
  for (const auto& member : members) {
    if (member.ticket != ticket_) line_.send_alone(member.ticket);
  }
  company_ = Company::alone;
  return attempt([own = members.front().offer](const Published&) -> Result<Offer> { return own; });
}

Result<std::string> Turn::commit(const std::string& tip, const CatalogFile& file,
                                 const std::vector<Member>& members) {
  std::vector<git::SubtreeContent> subtrees;
  std::vector<const Offer*> offers;
  for (const auto& member : members) {
    subtrees.push_back({.path = path_of(member.offer), .tree = member.offer.git_tree});
    offers.push_back(&member.offer);
  }
  auto& repository = mirror_.repository();
  HUB_TRY(made, repository.commit({.parent = tip,
                                   .subtrees = std::move(subtrees),
                                   .blobs = {{"registry.json", file.bytes()}},
                                   .author = repository.configured_author(
                                       {"adaos-hub", "adaos-hub@localhost", now_}),
                                   .message = message_of(offers)}));
  // An entry or a subtree differs from the tip's, so the tree does.
  if (!made) {
    return fail(ErrorCode::unavailable, "cannot publish " + label_ + ": the commit changes nothing",
                "git_failed");
  }
  return *made;
}

// A server that says yes and keeps nothing would be found here.
Result<std::optional<PushReport>> Turn::landed(const std::vector<Member>& members) {
  in_doubt_ = false;
  PushReport own = members.front().report;
  const auto tip = fetch();
  if (!tip) {
    own.warnings.push_back("published, but not seen again: " + tip.error().message);
  } else {
    HUB_TRY(there, mirror_.repository().reaches(*tip, own.commit));
    if (!there) {
      return fail(ErrorCode::unavailable,
                  "cannot publish " + label_ + ": the registry took the commit and lost it",
                  "push_not_visible", "tell the owner of the registry", {{"commit", own.commit}});
    }
  }
  fault_point("push.confirmed");
  for (const auto& member : members) {
    if (member.ticket != ticket_) line_.answer(member.ticket, member.report);
  }
  HUB_CHECK(line_.keep({}));
  fault_point("push.answered");
  return std::optional(std::move(own));
}

Result<> Turn::forget(const std::string& commit) {
  in_doubt_ = false;
  auto flights = line_.flights();
  std::erase_if(flights, [&](const Flight& one) { return one.commit == commit; });
  return line_.keep(flights);
}

Result<> Turn::check_time() const {
  if (patience_.stop && patience_.stop()) {
    return fail(ErrorCode::cancelled, "cannot publish " + label_ + ": stopped", "stopped");
  }
  if (steady_clock::now() >= patience_.deadline) return busy("out of time");
  return {};
}

tl::unexpected<Error> Turn::busy(const std::string& why) const {
  return fail(ErrorCode::unavailable,
              "cannot publish " + label_ + " to " + mirror_.url().display + ": " + why,
              "registry_busy", "many publish at once; push again",
              {{"registry", mirror_.url().display}, {"attempts", attempts_}});
}

git::NetworkOptions Turn::network() const {
  const auto left =
      std::chrono::duration_cast<milliseconds>(patience_.deadline - steady_clock::now());
  return {std::max(left, milliseconds(1)), patience_.stop};
}

milliseconds Turn::jitter() {
  constexpr int step_ms = 25, doublings_max = 6, wait_ms_max = 2000;
  const int most = std::min(wait_ms_max, step_ms << std::min(attempts_, doublings_max));
  return milliseconds(std::uniform_int_distribution<int>(0, most)(random_));
}

}  // namespace hub::registry
