#pragma once
// The hub as commands see it: its verbs, its errors as ours, its states as OperationState. Speaks
// docs/integrators.md. One thread.
//
// Errors beside those that the hub itself answers (their reason is its `code`):
//   hub_unreachable  nobody answers there        wrong_token    it does not let us in
//   not_a_hub        something else answers      other_version  it answers what we do not know
//   interrupted      a listener of the session said no
// Each has a hint.

#include <optional>

#include "cli/http_session.hpp"
#include "cli/hub_place.hpp"
#include "contracts/operation_request.hpp"

namespace hub::cli {

// What the hub answered, and as we understand it. Members that we don't know are in `raw` alone.
struct Seen {
  OperationState state;
  Json raw;
};

struct ListQuery {
  // Empty: any. The status may be "active".
  std::string status = {}, kind = {}, target_kind = {}, target_id = {}, parent_id = {};
  std::string after = {};  // operation_id to go on from
  int limit = 100;
};

struct ListPage {
  std::vector<Seen> operations;  // newest first
  std::string next;              // for ListQuery::after; empty: that was all
};

// Whose operation answers a request: one made for it, or the same that runs already.
enum class How { own, joined };

struct Started {
  Seen seen;
  How how = How::own;
};

struct LogPart {
  std::string text;
  std::int64_t next_offset = 0;
};

class HubClient {
 public:
  HubClient(HubPlace, HubOptions);

  // Finds the hub that the options mean.
  static Result<std::unique_ptr<HubClient>> open(const HubOptions&);
  // Looks for it again, where it may have moved to after a restart.
  Result<> find_again();

  // Asks who is there. The version of the hub, when it is not ours: it may not know all we ask.
  Result<std::optional<std::string>> greet();

  Result<Seen> find(const OperationId&);
  // Answers when the revision is above that, or the time is over.
  Result<Seen> find_later(const OperationId&, std::int64_t after_revision,
                          std::chrono::milliseconds wait);
  Result<ListPage> list(const ListQuery&);

  // Safe to repeat with the same key: the hub answers with the same operation.
  Result<Started> start(const OperationRequest&, const std::string& idempotency_key);
  Result<Json> preview(const OperationRequest&);
  Result<Seen> cancel(const OperationId&);
  Result<Seen> retry(const OperationId&);
  Result<Seen> undo(const OperationId&);
  Result<Seen> confirm(const OperationId&, const Json& answer);

  // The marketplace, as the hub answers: pairs of name and value for the query.
  Result<boost::json::object> marketplace(
      const std::vector<std::pair<std::string, std::string>>& query);
  // All about one artifact. `language` may be empty.
  Result<boost::json::object> published(const std::string& kind, const std::string& name,
                                        const std::string& language);

  // What an operation answered, whole.
  Result<boost::json::object> result(const OperationId&);

  // {"result", "version", "duration_ms", …}: what a tool of an installed skill gave back.
  Result<boost::json::object> call_tool(const std::string& skill, const std::string& tool,
                                        const boost::json::object& arguments,
                                        std::chrono::milliseconds timeout);

  // {items: [models::Model]}.
  Result<boost::json::object> models();

  // The log from `offset` as far as it is written now; empty text at its end.
  Result<LogPart> log(const OperationId&, std::int64_t offset);

  const HubPlace& place() const { return place_; }
  HttpSession& session() { return session_; }

 private:
  Result<Json> ask_json(const HttpRequest&);
  Result<boost::json::object> ask_object(const HttpRequest&);
  Result<HttpAnswer> ask(const HttpRequest&);
  Result<Seen> steer(const OperationId&, const std::string& verb, const std::string& body);
  Error explained(Error) const;
  Error refusal_of(const HttpAnswer&, const HttpRequest&) const;
  Error other_version(const std::string& what) const;

  HubPlace place_;
  HubOptions options_;
  HttpSession session_;
  std::string hub_version_;  // once greeted
};

// A state as any hub of about our age answers it: members it lacks have their default.
Result<Seen> seen_of(const Json&);

}  // namespace hub::cli
