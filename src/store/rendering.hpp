#pragma once
// What a state shows as of now beside what is stored: the place among those that wait for a worker,
// and whether it can still be undone. Lives for one read. Inside the room store only.
//
// The columns that a row needs: "n, state".

#include <unordered_map>

#include "sql/connection.hpp"
#include "store/live_index.hpp"

namespace hub::store {

class Rendering {
 public:
  Rendering(sql::Connection& db, const LiveIndex& live, Time now)
      : db_(db), live_(live), now_(now) {}

  OperationState state(const sql::Row&);
  // Rows that cannot be read are left out, and logged.
  std::vector<OperationState> states(const sql::Rows&);

 private:
  void show_place(OperationState&, std::int64_t n);
  void show_undo(OperationState&);

  sql::Connection& db_;
  const LiveIndex& live_;
  const Time now_;
  std::optional<std::unordered_map<std::int64_t, std::int64_t>> places_;
};

}  // namespace hub::store
