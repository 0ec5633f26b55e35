#pragma once
// Yjs update v1: structs per client and the set of what is deleted, read and written without
// integrating anything (format: yjs/src/utils/UpdateEncoder.js, structs/*.js).
//
//   update     = clients, { structs, client, first clock, struct... }..., delete set
//   struct     = 0 length (GC) | 10 length (Skip: a gap) | item
//   item       = info, [origin], [right origin], [parent, [key]], content
//                info: content kind in 5 bits, 0x80 origin, 0x40 right origin, 0x20 key;
//                parent and key are there only when neither origin is
//   delete set = clients, { client, ranges, { clock, length }... }...
//
// An item's length in clocks is that of its content: units of a string, values of an Any list.
// UpdateReader is the only way in for foreign bytes; what it refuses is refused as a whole.

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ydoc/lib0.hpp"
#include "ydoc/ranges.hpp"

namespace hub::ydoc {

enum class StructKind : std::uint8_t { gc, skip, item };

enum class ContentKind : std::uint8_t {
  deleted = 1,
  json = 2,
  binary = 3,
  string = 4,
  embed = 5,
  format = 6,
  type = 7,
  any = 8,
  document = 9,  // a subdocument; read, but never let through (filter.hpp)
};

inline constexpr std::uint8_t kTypeMap = 1;  // the only shared type that the hub itself writes

// One struct, its texts pointing into the bytes it was read from.
struct Struct {
  StructKind kind = StructKind::gc;
  Clock clock = 0;
  Clock length = 0;
  std::string_view bytes;  // all of it
  // The rest is of items.
  std::optional<StructId> origin, right_origin;
  std::optional<StructId> parent;        // a nested container, or
  std::optional<std::string_view> root;  // a root; neither when an origin tells
  std::optional<std::string_view> key;   // of a map; unknown when an origin tells
  ContentKind content = ContentKind::deleted;
  std::string_view body;  // the content's encoding

  Clock end() const { return clock + length; }
};

// Reads one struct of `client` that starts at `clock`. Look at reader.ok() before you use it.
Struct read_struct(Reader& reader, ClientId client, Clock clock);

// The part [from, to) of it, as a struct of its own, as Yjs splits items: the later part names the
// unit before it as its origin. Not for skips.
std::string struct_part(const Struct&, ClientId client, Range part);

// One struct that stands for `left` and the one right after it, when they are one run: typed text,
// a list, deleted things.
std::optional<std::string> joined_structs(const Struct& left, const Struct& right, ClientId client);

struct ItemHead {
  std::optional<StructId> origin, right_origin, parent;
  std::optional<std::string_view> root, key;
};
void write_item_head(Writer&, const ItemHead&, ContentKind);
void write_gc(Writer&, Clock length);
void write_skip(Writer&, Clock length);

struct ClientHeader {
  ClientId client = 0;
  Clock clock = 0;  // of the first struct
};

// Pull parser, in the order of the bytes:
//   while (auto header = reader.next_client()) while (auto one = reader.next_struct()) ...;
//   DeleteSet deletes = reader.deletes();  HUB_CHECK(reader.end());
class UpdateReader {
 public:
  explicit UpdateReader(std::string_view bytes);
  std::optional<ClientHeader> next_client();
  std::optional<Struct> next_struct();
  DeleteSet deletes();
  // invalid, "malformed_update": the bytes are not one whole update that we understand.
  Result<> end();

 private:
  Reader in_;
  std::uint64_t clients_left_ = 0;
  std::uint64_t structs_left_ = 0;
  ClientId client_ = 0;
  Clock clock_ = 0;
  std::set<ClientId> seen_;
};

class UpdateWriter {
 public:
  // `structs`: the encodings of `count` consecutive structs, the first of them at `header.clock`.
  // Each client once; none with a count of 0.
  void client(const ClientHeader& header, std::size_t count, std::string_view structs);
  void deletes(ClientId, const RangeSet&);
  bool empty() const { return clients_ == 0 && deleting_clients_ == 0; }
  std::string take();

 private:
  Writer structs_, deletes_;
  std::uint64_t clients_ = 0, deleting_clients_ = 0;
};

// invalid, "malformed_state_vector".
Result<StateVector> decode_state_vector(std::string_view bytes);
std::string encode_state_vector(const StateVector&);

}  // namespace hub::ydoc
