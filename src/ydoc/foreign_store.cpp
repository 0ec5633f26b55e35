#include "ydoc/foreign_store.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hub::ydoc {
namespace {

// What a piece, a deleted range and a client cost beside their bytes.
constexpr std::size_t kPieceCost = 48, kRangeCost = sizeof(Range), kClientCost = 160;
// Joining copies the earlier piece, so long ones stay apart.
constexpr std::size_t kJoinBytesMax = 1024;
constexpr std::size_t kCompactSlack = std::size_t{64} << 10U;

Struct parse(ClientId client, Clock clock, std::string_view bytes) {
  Reader in(bytes);
  return read_struct(in, client, clock);
}

std::string deleted_item(const Struct& item) {
  Writer out;
  write_item_head(out, {item.origin, item.right_origin, item.parent, item.root, item.key},
                  ContentKind::deleted);
  out.var_uint(item.length);
  return out.take();
}

}  // namespace

// The parts of a struct that no piece of ours covers.
void ForeignStore::find_new(ClientId client, const Struct& one, Pieces& out) const {
  if (one.kind == StructKind::skip) return;
  const auto add = [&](Clock start, Clock end) {
    if (start < end)
      append(out, client, {start, end - start, struct_part(one, client, {start, end})});
  };
  const auto known = clients_.find(client);
  if (known == clients_.end()) return add(one.clock, one.end());
  const Pieces& pieces = known->second;
  Clock at = one.clock;
  auto piece = std::lower_bound(pieces.begin(), pieces.end(), at,
                                [](const Piece& p, Clock clock) { return p.end() <= clock; });
  for (; piece != pieces.end() && piece->clock < one.end(); ++piece) {
    add(at, piece->clock);
    at = std::max(at, piece->end());
  }
  add(at, one.end());
}

void ForeignStore::append(Pieces& to, ClientId client, Piece piece) {
  if (!to.empty() && to.back().end() == piece.clock && to.back().bytes.size() < kJoinBytesMax) {
    Piece& last = to.back();
    auto joined = joined_structs(parse(client, last.clock, last.bytes),
                                 parse(client, piece.clock, piece.bytes), client);
    if (joined) {
      last.length += piece.length;
      last.bytes = *std::move(joined);
      return;
    }
  }
  to.push_back(std::move(piece));
}

std::size_t ForeignStore::cost(const Pieces& pieces) {
  std::size_t out = 0;
  for (const Piece& piece : pieces) out += kPieceCost + piece.bytes.size();
  return out;
}

Result<> ForeignStore::check_room(const News& news, const DeleteSet& deletes,
                                  std::size_t structs_bytes) const {
  std::size_t bytes = bytes_ + structs_bytes;
  std::size_t clients = clients_.size();
  for (const auto& [client, pieces] : news) clients += clients_.contains(client) ? 0U : 1U;
  for (const auto& [client, set] : deletes) {
    bytes += set.ranges().size() * kRangeCost;
    bytes += deletes_.contains(client) ? 0U : kClientCost;
  }
  if (bytes <= limits_.bytes_max && clients <= limits_.clients_max) return {};
  return fail(ErrorCode::exhausted, "cannot keep update: the document is full", "document_full",
              "Remove what is no longer needed from this webspace, or reset it.",
              {{"bytes", bytes}, {"bytes_max", limits_.bytes_max}, {"clients", clients}});
}

Result<std::string> ForeignStore::merge(std::string_view update) {
  News news;
  UpdateReader in(update);
  std::size_t structs_bytes = 0;
  while (const auto header = in.next_client()) {
    Pieces fresh;
    while (const auto one = in.next_struct()) find_new(header->client, *one, fresh);
    if (fresh.empty()) continue;
    structs_bytes += cost(fresh) + (clients_.contains(header->client) ? 0 : kClientCost);
    news.emplace(header->client, std::move(fresh));
  }
  DeleteSet deletes = in.deletes();
  HUB_CHECK(in.end());
  for (auto at = deletes.begin(); at != deletes.end();) {
    if (const auto known = deletes_.find(at->first); known != deletes_.end()) {
      at->second = at->second.without(known->second);
    }
    at = at->second.empty() ? deletes.erase(at) : std::next(at);
  }
  if (news.empty() && deletes.empty()) return std::string();
  HUB_CHECK(check_room(news, deletes, structs_bytes));

  UpdateWriter out;
  for (auto& [client, pieces] : news) {
    write(out, client, pieces, 0);
    take(client, std::move(pieces));
  }
  for (const auto& [client, set] : deletes) {
    out.deletes(client, set);
    RangeSet& mine = deletes_[client];
    bytes_ -= mine.ranges().size() * kRangeCost + (mine.empty() ? 0 : kClientCost);
    mine.add(set);
    bytes_ += mine.ranges().size() * kRangeCost + kClientCost;
  }
  compact_when_worth_it();
  return out.take();
}

void ForeignStore::take(ClientId client, Pieces fresh) {
  auto [found, first] = clients_.try_emplace(client);
  Pieces& mine = found->second;
  if (first) bytes_ += kClientCost;
  if (mine.empty() || mine.back().end() <= fresh.front().clock) {
    // The usual case: it goes on where it stopped.
    const std::size_t last = mine.empty() ? 0 : kPieceCost + mine.back().bytes.size();
    const std::size_t size = mine.size();
    for (Piece& piece : fresh) append(mine, client, std::move(piece));
    bytes_ -= last;
    for (std::size_t i = size == 0 ? 0 : size - 1; i < mine.size(); ++i) {
      bytes_ += kPieceCost + mine[i].bytes.size();
    }
    return;
  }
  bytes_ += cost(fresh);
  Pieces all;
  all.reserve(mine.size() + fresh.size());
  std::merge(std::move_iterator(mine.begin()), std::move_iterator(mine.end()),
             std::move_iterator(fresh.begin()), std::move_iterator(fresh.end()),
             std::back_inserter(all),
             [](const Piece& a, const Piece& b) { return a.clock < b.clock; });
  mine = std::move(all);
}

// One section for the client, from a clock on, with a Skip in every gap.
void ForeignStore::write(UpdateWriter& out, ClientId client, const Pieces& pieces, Clock from) {
  auto piece = std::lower_bound(pieces.begin(), pieces.end(), from,
                                [](const Piece& p, Clock clock) { return p.end() <= clock; });
  if (piece == pieces.end()) return;
  const Clock start = std::max(from, piece->clock);
  Writer structs;
  std::size_t count = 0;
  for (Clock at = start; piece != pieces.end(); ++piece, ++count) {
    if (piece->clock > at) {
      write_skip(structs, piece->clock - at);
      ++count;
    }
    if (piece->clock < start) {
      structs.raw(
          struct_part(parse(client, piece->clock, piece->bytes), client, {start, piece->end()}));
    } else {
      structs.raw(piece->bytes);
    }
    at = piece->end();
  }
  out.client({client, start}, count, structs.take());
}

void ForeignStore::add_to(UpdateWriter& out, const StateVector& theirs) const {
  for (const auto& [client, pieces] : clients_) {
    const auto has = theirs.find(client);
    write(out, client, pieces, has == theirs.end() ? 0 : has->second);
  }
  for (const auto& [client, set] : deletes_) out.deletes(client, set);
}

void ForeignStore::add_to(StateVector& vector) const {
  for (const auto& [client, pieces] : clients_) {
    Clock at = 0;
    for (const Piece& piece : pieces) {
      if (piece.clock != at) break;
      at = piece.end();
    }
    if (at > 0) vector[client] = at;
  }
}

std::string ForeignStore::encode() const {
  UpdateWriter out;
  add_to(out, {});
  return out.take();
}

void ForeignStore::compact() {
  bytes_ = 0;
  for (auto& [client, pieces] : clients_) {
    const auto deleted = deletes_.find(client);
    Pieces out;
    for (Piece& piece : pieces) {
      const Struct one = parse(client, piece.clock, piece.bytes);
      // A deleted container keeps its kind: its children name it as their parent.
      if (deleted != deletes_.end() && one.kind == StructKind::item &&
          one.content != ContentKind::type && one.content != ContentKind::deleted &&
          deleted->second.covers({one.clock, one.end()})) {
        piece.bytes = deleted_item(one);
      }
      append(out, client, std::move(piece));
    }
    out.shrink_to_fit();
    pieces = std::move(out);
    bytes_ += kClientCost + cost(pieces);
  }
  for (const auto& [client, set] : deletes_) {
    bytes_ += kClientCost + set.ranges().size() * kRangeCost;
  }
  compacted_bytes_ = bytes_;
}

void ForeignStore::compact_when_worth_it() {
  if (bytes_ > 2 * compacted_bytes_ + kCompactSlack) compact();
}

}  // namespace hub::ydoc
