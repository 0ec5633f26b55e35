#include "registry/push_line.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include "base/hash.hpp"

namespace hub::registry {
namespace {

using std::chrono::steady_clock;

constexpr int mirror_turn_ms_max = 30'000;
constexpr std::size_t ticket_bytes_max = std::size_t{4} << 20U;

// For what only living processes read: whole or not there, and no wait for the disk.
Result<> put_file(const fs::path& path, const Json& content) {
  const fs::path beside = path.string() + "." + random_hex(4) + ".tmp";
  std::error_code ec;
  {
    std::ofstream out(beside);
    out << boost::json::serialize(content);
    out.close();
    if (!out) ec = std::make_error_code(std::errc::io_error);
  }
  if (!ec) fs::rename(beside, path, ec);
  if (!ec) return {};
  std::error_code ignored;
  fs::remove(beside, ignored);
  return fail(ErrorCode::unavailable, "cannot write " + path.string() + ": " + ec.message(),
              "cache_not_writable", "make room on the disk, or set XDG_CACHE_HOME");
}

template <class T>
std::optional<T> get_file(const fs::path& path) {
  const auto text = read_file(path, ticket_bytes_max);
  if (!text) return std::nullopt;
  boost::system::error_code ec;
  const auto value = boost::json::parse(*text, ec);
  if (ec) return std::nullopt;
  auto read = from_json<T>(value, path.string());
  if (!read) return std::nullopt;
  return *std::move(read);
}

// An answer on its way to another process.
struct WrittenError {
  ErrorCode code = ErrorCode::invalid;
  std::string message, reason, hint;
  Json details;
};
BOOST_DESCRIBE_STRUCT(WrittenError, (), (code, message, reason, hint, details))
struct WrittenAnswer {
  std::optional<PushReport> report;
  std::optional<WrittenError> error;
};
BOOST_DESCRIBE_STRUCT(WrittenAnswer, (), (report, error))

// How long to wait between two looks: longer and longer, so that hundreds who wait do not take the
// processor from the one who works.
class Pace {
 public:
  std::chrono::microseconds next() {
    const auto wait = std::uniform_int_distribution<std::int64_t>(most_us_ / 2, most_us_)(random_);
    most_us_ = std::min(longest_us, most_us_ + most_us_ / 2);
    return std::chrono::microseconds(wait);
  }

 private:
  static constexpr std::int64_t shortest_us = 4'000, longest_us = 120'000;
  std::int64_t most_us_ = shortest_us;
  std::minstd_rand random_{std::random_device{}()};
};

tl::unexpected<Error> too_late(const std::string& lock) {
  return fail(ErrorCode::unavailable,
              "cannot publish: other publishers on this machine are not done", "registry_busy",
              "push again", {{"lock", lock}});
}

void remove_quietly(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

}  // namespace

Line::Line(const fs::path& cache_directory, const std::string& url) {
  constexpr std::size_t key_chars = 16;
  base_ = fs::absolute(cache_directory) / to_hex(sha256(url)).substr(0, key_chars);
}

Result<FileLock> Line::lock_mirror() const {
  HUB_CHECK(make_directories(base_.parent_path()));
  return FileLock::take(base_.string() + ".making", mirror_turn_ms_max);
}

fs::path Line::file(const std::string& id, const char* what) const {
  return folder() / (id + "." + what);
}

Line::Ticket::Ticket(const Line& line, std::string id, FileLock here)
    : line_(&line), id_(std::move(id)), here_(std::move(here)) {}

Line::Ticket::~Ticket() {
  if (id_.empty()) return;  // moved from
  for (const char* what : {"ticket", "answer", "here"}) remove_quietly(line_->file(id_, what));
}

Result<Line::Ticket> Line::stand(const Offer& offer) const {
  HUB_CHECK(make_directories(folder()));
  // Somebody may be sweeping: he takes a file for left behind before we hold it.
  for (int tries = 0; tries < 3; ++tries) {
    const std::string id = random_hex(8);
    auto here = FileLock::try_take(file(id, "here"));
    std::error_code ec;
    if (!here || !fs::exists(file(id, "here"), ec)) continue;
    Ticket ticket(*this, id, *std::move(here));
    HUB_CHECK(put_file(file(id, "ticket"), to_json(offer)));
    return ticket;
  }
  return fail(ErrorCode::unavailable, "cannot stand in the line of " + folder().string(),
              "cache_not_writable", "look at who may write there");
}

bool Line::stands(const std::string& id) const {
  std::error_code ec;
  return fs::exists(file(id, "ticket"), ec);
}

std::optional<Answer> Line::take_answer(const std::string& id) const {
  const auto written = get_file<WrittenAnswer>(file(id, "answer"));
  if (!written) return std::nullopt;
  if (written->report) return Answer(*written->report);
  if (!written->error) return std::nullopt;
  const auto& error = *written->error;
  return Answer(
      fail(error.code, error.message, error.reason, error.hint,
           error.details.is_object() ? error.details.get_object() : boost::json::object()));
}

Result<std::optional<Line::Reached>> Line::look(const Ticket* ticket) const {
  std::error_code ec;
  if (ticket && fs::exists(file(ticket->id(), "answer"), ec)) {
    if (auto answer = take_answer(ticket->id())) return std::optional<Reached>(*std::move(answer));
  }
  auto turn = FileLock::try_take(base_.string() + ".lock");
  if (!turn && turn.error().code != ErrorCode::conflict) return tl::unexpected(turn.error());
  if (!turn) return std::optional<Reached>();
  // The answer may have come between the two looks.
  if (auto answer = ticket ? take_answer(ticket->id()) : std::nullopt) {
    return std::optional<Reached>(*std::move(answer));
  }
  return std::optional<Reached>(*std::move(turn));
}

Result<Line::Reached> Line::wait(const Ticket* ticket, const Patience& patience) const {
  HUB_CHECK(make_directories(base_.parent_path()));
  Pace pace;
  for (;;) {
    HUB_TRY(reached, look(ticket));
    if (reached) return *std::move(reached);
    if (patience.stop && patience.stop()) break;
    if (steady_clock::now() >= patience.deadline) return too_late(base_.string() + ".lock");
    std::this_thread::sleep_for(pace.next());
  }
  return fail(ErrorCode::cancelled, "cannot publish: stopped", "stopped");
}

std::vector<Standing> Line::standing(const std::string& own_id, std::size_t most) const {
  std::vector<Standing> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder(), ec)) {
    const std::string id = entry.path().stem().string();
    const auto what = entry.path().extension();
    // An answer may come when who waited for it has just left.
    if (what == ".answer" && !fs::exists(file(id, "here"), ec)) remove_quietly(entry.path());
    if (what != ".here") continue;
    if (id == own_id) continue;
    if (const auto left_behind = FileLock::try_take(entry.path())) {
      for (const char* each : {"ticket", "answer", "here"}) remove_quietly(file(id, each));
      continue;
    }
    if (found.size() == most || fs::exists(file(id, "answer"), ec)) continue;
    auto offer = get_file<Offer>(file(id, "ticket"));
    if (offer && offer->format == Offer{}.format) found.push_back({id, *std::move(offer)});
  }
  std::ranges::sort(found, {}, [](const Standing& one) { return one.offer.name; });
  return found;
}

void Line::answer(const std::string& id, const Answer& answer) const {
  WrittenAnswer written;
  if (answer) {
    written.report = *answer;
  } else {
    const Error& error = answer.error();
    written.error =
        WrittenError{error.code, error.message, error.reason, error.hint, error.details};
  }
  // An answer that cannot be written is no harm: its owner asks the registry himself.
  static_cast<void>(put_file(file(id, "answer"), to_json(written)));
}

void Line::send_alone(const std::string& id) const { remove_quietly(file(id, "ticket")); }

std::vector<Flight> Line::flights() const {
  return get_file<std::vector<Flight>>(folder() / "flight").value_or(std::vector<Flight>());
}

Result<> Line::keep(const std::vector<Flight>& flights) const {
  if (flights.empty()) {
    remove_quietly(folder() / "flight");
    return {};
  }
  HUB_CHECK(make_directories(folder()));
  return put_file(folder() / "flight", to_json(flights));
}

bool Line::is_in_flight(const std::string& id) const {
  const auto all = flights();
  return std::ranges::any_of(all, [&](const Flight& one) {
    return std::ranges::find(one.landings, id, &Landing::id) != one.landings.end();
  });
}

}  // namespace hub::registry
