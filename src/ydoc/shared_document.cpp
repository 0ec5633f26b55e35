#include "ydoc/shared_document.hpp"

#include <utility>

namespace hub::ydoc {
namespace {

void copy_live(const AuthoredDocument& from, AuthoredDocument& to, const Path& at);

// One key of a map: a nested map with all that is in it, or a plain value.
// NOLINTNEXTLINE(misc-no-recursion): the nesting of our own values
void copy_key(const AuthoredDocument& from, AuthoredDocument& to, const Path& path) {
  if (from.is_map(path)) {
    to.set_map(path);
    copy_live(from, to, path);
  } else if (const Json* value = from.find(path)) {
    to.set(path, *value);
  }
}

// NOLINTNEXTLINE(misc-no-recursion): the nesting of our own values
void copy_live(const AuthoredDocument& from, AuthoredDocument& to, const Path& at) {
  for (const std::string& key : from.keys(at)) {
    Path path = at;
    path.push_back(key);
    copy_key(from, to, path);
  }
}

AuthoredDocument authored_afresh(const AuthoredDocument& old, ClientId author) {
  AuthoredDocument out(author);
  const std::string data(kRootData);
  copy_live(old, out, {std::string(kRootRuntime)});
  copy_live(old, out, {std::string(kRootRegistry)});
  copy_key(old, out, {data, std::string(kKeyInfrastate)});
  copy_key(old, out, {data, std::string(kKeyDesktop), std::string(kKeyToasts)});
  return out;
}

}  // namespace

SharedDocument::SharedDocument(ClientId author, ClientId first_claimed, ForeignStore foreign)
    : authored_(author), foreign_(std::move(foreign)), first_claimed_(first_claimed) {}

Frame SharedDocument::commit() {
  const std::string update = authored_.commit();
  if (update.empty()) return nullptr;
  whole_ = nullptr;
  return update_frame(update);
}

Frame SharedDocument::renew(ClientId author) {
  AuthoredDocument fresh = authored_afresh(authored_, author);
  authored_ = std::move(fresh);
  whole_ = nullptr;
  const std::string update = authored_.commit();
  return update.empty() ? nullptr : update_frame(update);
}

StateVector SharedDocument::state_vector() const {
  StateVector out;
  authored_.add_to(out);
  foreign_.add_to(out);
  return out;
}

Frame SharedDocument::greeting() const {
  StateVector vector = state_vector();
  for (ClientId id = first_claimed_; id < authored_.author(); ++id) vector[id] = kClockMax;
  return step1_frame(vector);
}

std::string SharedDocument::encode_diff(const StateVector& theirs) const {
  UpdateWriter out;
  foreign_.add_to(out, theirs);
  authored_.add_to(out, theirs);
  return out.take();
}

// Honest browsers return our own structs and deletes (from a store of theirs, for one); nobody
// honest has structs of ours that we never wrote, or deletes of what is there.
bool SharedDocument::is_forged(const FilteredUpdate& update) const {
  if (update.forged_structs > 0) return true;
  for (const auto& [client, end] : update.returned) {
    if (client == kContainerAuthor ? end > 1 : client > authored_.author()) return true;
    if (client == authored_.author() && end > authored_.next_clock()) return true;
  }
  for (const auto& [client, set] : update.refused_deletes) {
    for (const Range& range : set.ranges()) {
      if (authored_.is_live(client, range)) return true;
    }
  }
  return false;
}

Frame SharedDocument::step2(const StateVector& theirs) {
  if (!theirs.empty()) return step2_frame(encode_diff(theirs));
  if (!whole_) whole_ = step2_frame(encode_diff(theirs));
  return whole_;
}

Result<Reaction> SharedDocument::handle(const Message& message) {
  Reaction out;
  switch (message.kind) {
    case MessageKind::step1: {
      HUB_TRY(theirs, decode_state_vector(message.payload));
      out.answers.push_back(step2(theirs));
      return out;
    }
    case MessageKind::step2:
    case MessageKind::update: break;
    case MessageKind::awareness:
    case MessageKind::auth:
    case MessageKind::query_awareness:
    case MessageKind::unknown: return out;
  }
  if (message.payload.size() > kUpdateBytesMax) {
    return fail(ErrorCode::invalid, "cannot take update: larger than 1 MiB", "too_large",
                "Write less at once.", {{"bytes", message.payload.size()}});
  }
  HUB_TRY(filtered, filter_update(message.payload));
  HUB_TRY(news, foreign_.merge(filtered.changed ? filtered.rewritten : message.payload));
  out.forged = is_forged(filtered);
  if (news.empty()) return out;
  whole_ = nullptr;
  out.broadcast = update_frame(news);
  out.persist = std::move(news);
  return out;
}

}  // namespace hub::ydoc
