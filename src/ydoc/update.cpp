#include "ydoc/update.hpp"

#include <utility>

namespace hub::ydoc {
namespace {

constexpr std::uint8_t kInfoGc = 0;
constexpr std::uint8_t kInfoSkip = 10;
constexpr std::uint8_t kHasOrigin = 0x80, kHasRightOrigin = 0x40, kHasKey = 0x20;
constexpr std::uint8_t kKindBits = 0x1F;
constexpr std::size_t kKeyBytesMax = 512;
constexpr std::uint64_t kTypeXmlElement = 3, kTypeXmlHook = 5, kTypeMax = 6;

Clock read_length(Reader& in, Clock clock) {
  const std::uint64_t length = in.var_uint();
  if (length == 0 || clock + length >= kClockMax) in.refuse("a length is out of range");
  return in.ok() ? static_cast<Clock>(length) : 0;
}

StructId read_id(Reader& in) {
  const ClientId client = in.var_uint();
  const std::uint64_t clock = in.var_uint();
  if (clock >= kClockMax) in.refuse("a clock is out of range");
  return {client, in.ok() ? static_cast<Clock>(clock) : 0};
}

std::string_view read_key(Reader& in) {
  const std::string_view key = in.var_string();
  if (key.size() > kKeyBytesMax) in.refuse("a key is too long");
  return key;
}

// The content after an item's head; gives its length in clocks.
std::uint64_t read_content(Reader& in, std::uint8_t kind) {
  switch (static_cast<ContentKind>(kind)) {
    case ContentKind::deleted: return in.var_uint();
    case ContentKind::json: {
      const std::uint64_t count = in.count();
      for (std::uint64_t left = count; left > 0 && in.ok(); --left) {
        const std::size_t start = in.position();
        if (in.var_string() == "undefined" || !in.ok()) continue;
        Reader again(in.since(start));
        again.skip_json_text();
        if (!again.ok()) in.refuse(again.problem());
      }
      return count;
    }
    case ContentKind::binary: in.var_bytes(); return 1;
    case ContentKind::string: return utf16_length(in.var_string()).value_or(0);
    case ContentKind::embed: in.skip_json_text(); return 1;
    case ContentKind::format:
      in.var_string();
      in.skip_json_text();
      return 1;
    case ContentKind::type: {
      const std::uint64_t type = in.var_uint();
      if (type > kTypeMax) in.refuse("a shared type is unknown");
      if (type == kTypeXmlElement || type == kTypeXmlHook) in.var_string();
      return 1;
    }
    case ContentKind::any: {
      const std::uint64_t count = in.count();
      for (std::uint64_t left = count; left > 0 && in.ok(); --left) in.skip_any();
      return count;
    }
    case ContentKind::document:
      in.var_string();  // its guid
      in.skip_any();    // its options
      return 1;
  }
  in.refuse("a content kind is unknown");
  return 0;
}

void read_item(Reader& in, std::uint8_t info, ClientId client, Struct& out) {
  const auto reference = [&] {
    const StructId id = read_id(in);
    if (id.client == client && id.clock >= out.clock) in.refuse("a struct refers to itself");
    return id;
  };
  out.kind = StructKind::item;
  if (info & kHasOrigin) out.origin = reference();
  if (info & kHasRightOrigin) out.right_origin = reference();
  if (!(info & (kHasOrigin | kHasRightOrigin))) {
    switch (in.var_uint()) {
      case 0: out.parent = reference(); break;
      case 1: out.root = read_key(in); break;
      default: in.refuse("a parent is neither a root nor a container");
    }
    if (info & kHasKey) out.key = read_key(in);
  }
  const std::uint8_t kind = info & kKindBits;
  const std::size_t start = in.position();
  const std::uint64_t length = read_content(in, kind);
  if (length == 0 || out.clock + length >= kClockMax) in.refuse("a length is out of range");
  if (!in.ok()) return;
  out.content = static_cast<ContentKind>(kind);
  out.body = in.since(start);
  out.length = static_cast<Clock>(length);
}

void write_id(Writer& out, const StructId& id) {
  out.var_uint(id.client);
  out.var_uint(id.clock);
}

// Units [from, to) of a content, counted from its start.
void write_content_part(Writer& out, const Struct& item, Clock from, Clock to) {
  if (from == 0 && to == item.length) return out.raw(item.body);
  Reader in(item.body);
  switch (item.content) {
    case ContentKind::deleted: return out.var_uint(to - from);
    case ContentKind::string: return out.var_string(utf16_slice(in.var_string(), from, to));
    case ContentKind::json:
    case ContentKind::any: {
      const auto skip = [&] {
        if (item.content == ContentKind::any) {
          in.skip_any();
        } else {
          in.var_string();
        }
      };
      in.var_uint();
      for (Clock at = 0; at < from; ++at) skip();
      const std::size_t start = in.position();
      for (Clock at = from; at < to; ++at) skip();
      out.var_uint(to - from);
      return out.raw(in.since(start));
    }
    case ContentKind::binary:
    case ContentKind::embed:
    case ContentKind::format:
    case ContentKind::type:
    case ContentKind::document: return out.raw(item.body);  // of length 1, never split
  }
}

ItemHead head_of(const Struct& item) {
  return {item.origin, item.right_origin, item.parent, item.root, item.key};
}

}  // namespace

Struct read_struct(Reader& in, ClientId client, Clock clock) {
  const std::size_t start = in.position();
  Struct out;
  out.clock = clock;
  const std::uint8_t info = in.byte();
  if (info == kInfoGc || info == kInfoSkip) {
    out.kind = info == kInfoGc ? StructKind::gc : StructKind::skip;
    out.length = read_length(in, clock);
  } else {
    read_item(in, info, client, out);
  }
  out.bytes = in.since(start);
  return out;
}

std::string struct_part(const Struct& whole, ClientId client, Range part) {
  if (part.start == whole.clock && part.end == whole.end()) return std::string(whole.bytes);
  Writer out;
  if (whole.kind != StructKind::item) {
    write_gc(out, part.end - part.start);
    return out.take();
  }
  ItemHead head = head_of(whole);
  if (part.start > whole.clock) head.origin = StructId{client, part.start - 1};
  write_item_head(out, head, whole.content);
  write_content_part(out, whole, part.start - whole.clock, part.end - whole.clock);
  return out.take();
}

std::optional<std::string> joined_structs(const Struct& left, const Struct& right,
                                          ClientId client) {
  if (left.kind != right.kind || left.end() != right.clock) return std::nullopt;
  Writer out;
  if (left.kind == StructKind::gc) {
    write_gc(out, left.length + right.length);
    return out.take();
  }
  if (left.kind == StructKind::skip || left.content != right.content ||
      right.origin != StructId{client, left.end() - 1} || left.right_origin != right.right_origin) {
    return std::nullopt;
  }
  write_item_head(out, head_of(left), left.content);
  Reader a(left.body), b(right.body);
  switch (left.content) {
    case ContentKind::deleted: out.var_uint(left.length + right.length); break;
    case ContentKind::string:
      out.var_string(std::string(a.var_string()) + std::string(b.var_string()));
      break;
    case ContentKind::json:
    case ContentKind::any:
      out.var_uint(a.var_uint() + b.var_uint());
      out.raw(left.body.substr(a.position()));
      out.raw(right.body.substr(b.position()));
      break;
    case ContentKind::binary:
    case ContentKind::embed:
    case ContentKind::format:
    case ContentKind::type:
    case ContentKind::document: return std::nullopt;
  }
  return out.take();
}

void write_item_head(Writer& out, const ItemHead& head, ContentKind content) {
  const bool told = head.origin || head.right_origin;
  out.byte(static_cast<std::uint8_t>(
      static_cast<unsigned>(content) | (head.origin ? kHasOrigin : 0U) |
      (head.right_origin ? kHasRightOrigin : 0U) | (head.key ? kHasKey : 0U)));
  if (head.origin) write_id(out, *head.origin);
  if (head.right_origin) write_id(out, *head.right_origin);
  if (told) return;
  out.var_uint(head.root ? 1 : 0);
  if (head.root) {
    out.var_string(*head.root);
  } else {
    write_id(out, head.parent.value_or(StructId{}));
  }
  if (head.key) out.var_string(*head.key);
}

void write_gc(Writer& out, Clock length) {
  out.byte(kInfoGc);
  out.var_uint(length);
}

void write_skip(Writer& out, Clock length) {
  out.byte(kInfoSkip);
  out.var_uint(length);
}

UpdateReader::UpdateReader(std::string_view bytes) : in_(bytes), clients_left_(in_.count()) {}

std::optional<ClientHeader> UpdateReader::next_client() {
  if (clients_left_ == 0 || !in_.ok()) return std::nullopt;
  --clients_left_;
  structs_left_ = in_.count();
  client_ = in_.var_uint();
  const std::uint64_t clock = in_.var_uint();
  if (structs_left_ == 0) in_.refuse("a client has no structs");
  if (clock >= kClockMax) in_.refuse("a clock is out of range");
  if (!seen_.insert(client_).second) in_.refuse("a client comes twice");
  if (!in_.ok()) return std::nullopt;
  clock_ = static_cast<Clock>(clock);
  return ClientHeader{client_, clock_};
}

std::optional<Struct> UpdateReader::next_struct() {
  if (structs_left_ == 0 || !in_.ok()) return std::nullopt;
  --structs_left_;
  Struct out = read_struct(in_, client_, clock_);
  if (!in_.ok()) return std::nullopt;
  clock_ = out.end();
  return out;
}

DeleteSet UpdateReader::deletes() {
  DeleteSet out;
  for (std::uint64_t clients = in_.count(); clients > 0 && in_.ok(); --clients) {
    const ClientId client = in_.var_uint();
    std::vector<Range> ranges;
    for (std::uint64_t left = in_.count(); left > 0 && in_.ok(); --left) {
      const std::uint64_t clock = in_.var_uint();
      const std::uint64_t length = in_.var_uint();
      if (clock + length >= kClockMax) in_.refuse("a deleted range is out of range");
      if (!in_.ok()) break;
      ranges.push_back({static_cast<Clock>(clock), static_cast<Clock>(clock + length)});
    }
    RangeSet set(std::move(ranges));
    if (!set.empty() && !out.emplace(client, std::move(set)).second) {
      in_.refuse("a client comes twice in the delete set");
    }
  }
  return out;
}

Result<> UpdateReader::end() {
  if (in_.ok() && in_.remaining() > 0) in_.refuse("something follows its end");
  if (in_.ok()) return {};
  return fail(ErrorCode::invalid, std::string("cannot read Yjs update: ") + in_.problem(),
              "malformed_update", "Send update encoding v1 of Yjs 13.");
}

void UpdateWriter::client(const ClientHeader& header, std::size_t count, std::string_view structs) {
  ++clients_;
  structs_.var_uint(count);
  structs_.var_uint(header.client);
  structs_.var_uint(header.clock);
  structs_.raw(structs);
}

void UpdateWriter::deletes(ClientId client, const RangeSet& set) {
  if (set.empty()) return;
  ++deleting_clients_;
  deletes_.var_uint(client);
  deletes_.var_uint(set.ranges().size());
  for (const Range& range : set.ranges()) {
    deletes_.var_uint(range.start);
    deletes_.var_uint(range.end - range.start);
  }
}

std::string UpdateWriter::take() {
  Writer out;
  out.var_uint(std::exchange(clients_, 0));
  out.raw(structs_.take());
  out.var_uint(std::exchange(deleting_clients_, 0));
  out.raw(deletes_.take());
  return out.take();
}

Result<StateVector> decode_state_vector(std::string_view bytes) {
  Reader in(bytes);
  StateVector out;
  for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    const ClientId client = in.var_uint();
    const std::uint64_t clock = in.var_uint();
    if (clock > kClockMax) in.refuse("a clock is out of range");
    if (in.ok()) out[client] = static_cast<Clock>(clock);
  }
  if (in.ok() && in.remaining() > 0) in.refuse("something follows its end");
  if (in.ok()) return out;
  return fail(ErrorCode::invalid, std::string("cannot read state vector: ") + in.problem(),
              "malformed_state_vector", "Send a state vector of Yjs 13, encoding v1.");
}

std::string encode_state_vector(const StateVector& vector) {
  Writer out;
  out.var_uint(vector.size());
  for (const auto& [client, clock] : vector) {
    out.var_uint(client);
    out.var_uint(clock);
  }
  return out.take();
}

}  // namespace hub::ydoc
