#pragma once
// The line in which publishers of one host stand to one registry: threads and processes alike.
// Inner header of push.hpp.
//
//   stand() ── waits ──┬─ answer: whoever had the turn has taken the offer along
//                      └─ turn:   it is ours; we take along all who stand
//
//   <cache>/<key>.git        the host's mirror of the registry
//   <cache>/<key>.lock       who holds it has the turn
//   <cache>/<key>.line/      <id>.here    held as long as its owner lives
//                            <id>.ticket  the offer; gone: its owner is to go alone
//                            <id>.answer  what came of it
//                            flight       commits whose end is not known yet
//
// Nothing here is worth a power cut's care: what is published is in the registry, and who has no
// answer pushes again. A killed owner's files are swept by the next turn.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/files.hpp"
#include "registry/push_candidate.hpp"

namespace hub::registry {

using Answer = Result<PushReport>;

struct Landing {
  std::string id;  // of a ticket
  PushReport report;
};
BOOST_DESCRIBE_STRUCT(Landing, (), (id, report))

// A commit that was sent, and who is to be told that it landed.
struct Flight {
  std::string commit, parent;
  std::vector<Landing> landings;
};
BOOST_DESCRIBE_STRUCT(Flight, (), (commit, parent, landings))

struct Standing {
  std::string id;
  Offer offer;
};

// How long to wait, and who may end it sooner.
struct Patience {
  std::chrono::steady_clock::time_point deadline;
  std::function<bool()> stop;
};

class Line {
 public:
  Line(const fs::path& cache_directory, const std::string& url);
  fs::path mirror() const { return base_.string() + ".git"; }
  // Held while the mirror is made, or made again.
  Result<FileLock> lock_mirror() const;

  // A place in the line. Its destructor leaves it.
  class Ticket {
   public:
    Ticket(const Line& line, std::string id, FileLock here);
    Ticket(Ticket&&) = default;
    Ticket& operator=(Ticket&&) = delete;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket();
    const std::string& id() const { return id_; }

   private:
    const Line* line_;
    std::string id_;
    FileLock here_;
  };
  Result<Ticket> stand(const Offer&) const;
  bool stands(const std::string& id) const;  // no: its owner was sent to go alone

  // Without a ticket there is only a turn. unavailable with reason registry_busy; cancelled.
  using Reached = std::variant<FileLock, Answer>;
  Result<Reached> wait(const Ticket*, const Patience&) const;

  // The rest is for whoever has the turn.
  std::vector<Standing> standing(const std::string& own_id, std::size_t most) const;
  void answer(const std::string& id, const Answer&) const;
  void send_alone(const std::string& id) const;
  std::vector<Flight> flights() const;
  Result<> keep(const std::vector<Flight>&) const;
  // Read by those who give up: it may land although they do not see it.
  bool is_in_flight(const std::string& id) const;

 private:
  fs::path file(const std::string& id, const char* what) const;
  fs::path folder() const { return base_.string() + ".line"; }
  Result<std::optional<Reached>> look(const Ticket*) const;
  std::optional<Answer> take_answer(const std::string& id) const;

  fs::path base_;
};

}  // namespace hub::registry
