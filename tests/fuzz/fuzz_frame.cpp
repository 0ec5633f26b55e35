// What a browser may send over /yws: a session of frames, each two bytes of length (little endian)
// and that many bytes, from one client of a webspace that another client and the hub share.
#include <ctime>
#include <optional>

#include "projection/room.hpp"
#include "promise.hpp"
#include "ydoc/ownership.hpp"

namespace {

using hub::fuzz::promise;
using hub::projection::Frame;
using hub::projection::Peer;
using hub::projection::WebspaceRoom;
using hub::ydoc::MessageKind;

class Listener final : public Peer {
 public:
  void send(Frame frame) override { heard.push_back(std::move(frame)); }
  std::size_t queued_bytes() const override { return 0; }
  void close(std::uint16_t code, std::string) override { closed = code; }

  std::vector<Frame> heard;
  std::optional<std::uint16_t> closed;
};

// Of this thread, so that a busy machine is no hang.
double cpu_ms() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return 1e3 * static_cast<double>(spent.tv_sec) + 1e-6 * static_cast<double>(spent.tv_nsec);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr double frame_ms_max = 80;  // a sanitizer costs eight times
#else
constexpr double frame_ms_max = 10;
#endif
#else
constexpr double frame_ms_max = 10;
#endif

hub::ydoc::SharedDocument some_document() { return {7, 1, hub::ydoc::ForeignStore()}; }

// Whole, and nothing in it is the hub's. By the rule itself, not by the filter that is to keep it.
void check_own(std::string_view update) {
  hub::ydoc::UpdateReader in(update);
  while (const auto header = in.next_client()) {
    promise(!hub::ydoc::is_reserved(header->client), "no struct has an id of the hub's");
    while (const auto one = in.next_struct()) {
      promise(!hub::ydoc::is_owned(*one), "no struct is in a place of the hub's");
      promise(one->content != hub::ydoc::ContentKind::document, "no struct is a subdocument");
    }
  }
  for (const auto& [client, ranges] : in.deletes()) {
    promise(!hub::ydoc::is_reserved(client), "nothing of the hub's is deleted");
  }
  promise(in.end().has_value(), "an update that is passed on or kept is whole");
}

void check_passed_on(const Listener& witness) {
  for (const auto& frame : witness.heard) {
    const auto message = hub::ydoc::decode_message(*frame);
    promise(message.has_value(), "what is passed on is a message");
    if (message->kind == MessageKind::awareness) {
      promise(hub::ydoc::decode_awareness(message->payload).has_value(), "awareness stays whole");
    }
    if (message->kind == MessageKind::update) check_own(message->payload);
  }
}

void play(std::string_view input) {
  const hub::projection::Instant now = hub::projection::Instant{} + std::chrono::hours(1);
  WebspaceRoom room("desktop", some_document());
  room.write(
      [](auto& document) {
        document.set_map({"runtime", "meta"});
        document.set({"runtime", "meta", "seq"}, 1);
        document.set({"runtime", "notifications"}, hub::Json(boost::json::array{}));
      },
      now);
  const auto client = std::make_shared<Listener>(), witness = std::make_shared<Listener>();
  room.join(1, client, now);
  room.join(2, witness, now);
  room.message(2, std::string_view("\0\0\1\0", 4), now);
  witness->heard.clear();
  const auto truth = room.document().authored().to_json();

  while (input.size() >= 2 && !client->closed) {
    const std::size_t wanted =
        static_cast<std::uint8_t>(input[0]) + 256U * static_cast<std::uint8_t>(input[1]);
    const std::string_view frame = input.substr(2, wanted);
    input.remove_prefix(2 + frame.size());
    const auto before = room.document().encode_diff({});
    room.take_unsaved();
    const double begun = cpu_ms();
    room.message(1, frame, now);
    promise(cpu_ms() - begun < frame_ms_max, "a frame is soon done with");
    if (!hub::ydoc::decode_message(frame)) {
      promise(client->closed == hub::projection::kCloseMalformed, "who sends no message is told");
      promise(room.document().encode_diff({}) == before, "and has changed nothing");
      promise(room.take_unsaved().empty(), "nor left anything to keep");
    }
  }
  room.tick(now + std::chrono::seconds(1));
  promise(room.document().authored().to_json() == truth, "the hub's part is the hub's");
  promise(!witness->closed, "nobody else is closed");
  check_passed_on(*witness);
  const auto kept = room.document().foreign().encode();
  check_own(kept);
  hub::ydoc::ForeignStore again;
  promise(again.merge(kept).has_value(), "what is kept of browsers can be read back");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Each forgery and each refused message is a line in the log.
  [[maybe_unused]] static const bool quiet = (hub::log::set_level(hub::log::Level::error), true);
  play(hub::fuzz::text_of(data, size));
  return 0;
}
